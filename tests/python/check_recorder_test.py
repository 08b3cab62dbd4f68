"""`ringdown check-recorder` against recorders that do their duties."""
from __future__ import annotations

import asyncio
import sys
import unittest

from checked_recorder import ALL, FOR_ALL, PATIENT, CheckedRecorder, Judged, judged
from harness import BIN, SOURCE, Program
from vendor import DN, Habits


class CheckRecorder(CheckedRecorder):
    async def test_the_tools_recorder_passes_plain_exact_slow_and_with_calls_apart(self) -> None:
        plain, exact, slow, apart = await asyncio.gather(
            self.of_tool(PATIENT),
            self.of_tool(PATIENT, "--exact"),
            self.of_tool(PATIENT, "--delay=300"),
            self.of_tool(PATIENT, "--per-call", "--exact"),
        )
        for found in (plain, exact, slow):
            self.passes(found, FOR_ALL)
        self.passes(apart, ALL)

    async def test_the_examples_pass(self) -> None:
        async def python_example() -> Judged:
            async with self.check(*PATIENT) as (check, place):
                example = str(SOURCE / "examples" / "python" / "recorder.py")
                async with Program(sys.executable, example, place.host, str(place.port), DN):
                    return await judged(check)

        async def cpp_example() -> Judged:
            async with self.check(*PATIENT) as (check, place):
                at = f"{place.host}:{place.port}"
                async with Program(str(BIN / "example_recorder"), at, DN):
                    return await judged(check)

        for found in await asyncio.gather(python_example(), cpp_example()):
            self.passes(found, FOR_ALL)

    async def test_a_recorder_written_from_the_page_alone_passes_and_its_frames_are_shown(
        self,
    ) -> None:
        found = await self.of_vendor(Habits(), *PATIENT)
        self.passes(found, FOR_ALL)
        self.assertEqual(found.steps["calls apart"]["result"], "not meant")
        frames = found.steps["registers"]["frames"]
        self.assertTrue(any("-> RequestSignOn" in frame for frame in frames), frames)
        ways = [frame.split()[0:3] for frame in found.steps["pause"]["frames"]]
        shown = [" ".join(way) for way in ways if way[2] != "EventACK"]
        self.assertEqual(
            shown,
            [
                "desktop -> RequestSendEvent",
                "recorder <- EventUserEvent",
                "recorder -> RequestSendEvent",
                "desktop <- EventUserEvent",
                "desktop <- EventOutcome",
            ],
        )


if __name__ == "__main__":
    unittest.main()
