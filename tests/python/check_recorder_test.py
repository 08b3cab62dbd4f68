"""`ringdown check-recorder` against recorders that do their duties, and against some that do not:
each of these fails the one step that is about it, for its own reason."""
from __future__ import annotations

import asyncio
import json
import socket
import sys
import unittest
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, AsyncIterator, Final

from harness import BIN, SOURCE, AsyncTest, Place, Program, ringdown
from ringdown import CaptureState, v1
from vendor import DN, Habits, Vendor

ALL: Final = [
    "registers",
    "says",
    "heartbeats",
    "start",
    "pause",
    "resume",
    "query",
    "stop",
    "twice",
    "two calls",
    "calls apart",
    "burst",
    "late",
    "drift",
    "cut",
    "missed",
    "restart",
]
FOR_ALL: Final = [step for step in ALL if step != "calls apart"]
PATIENT: Final = ("--confirm-timeout=6000", "--watch=0.2")
"""For recorders that pass: only a hang is too slow."""
SHORT: Final = ("--confirm-timeout=2000", "--watch=0.2", "--wait=15")
TEST_S: Final = 240.0


@dataclass
class Here:
    host: str
    port: int


@dataclass
class Judged:
    status: int
    steps: dict[str, dict[str, Any]]
    out: str

    def which(self, result: str) -> list[str]:
        return [name for name, step in self.steps.items() if step["result"] == result]


async def judged(check: Program) -> Judged:
    async with asyncio.timeout(TEST_S):
        while True:
            try:
                status = await check.wait()
                break
            except TimeoutError:  # the harness is less patient than a whole check
                continue
    said = [json.loads(line) for line in check.out.splitlines() if line.startswith("{")]
    steps = {one["step"]: one for one in said if "step" in one}
    return Judged(status, steps, check.out)


class CheckRecorder(AsyncTest):
    @asynccontextmanager
    async def check(
        self, *flags: str, dn: str = DN
    ) -> AsyncIterator[tuple[Program, Place]]:
        with socket.create_server(("127.0.0.1", 0)) as found:  # free a moment ago
            port = found.getsockname()[1]
        own = (f"--dn={dn}", f"--listen=127.0.0.1:{port}", *flags)
        words = ("--json", "--timeout=60", "check-recorder", *own)
        async with Program(str(BIN / "ringdown"), *words) as check:
            await check.says('"waiting"')
            yield check, Here("127.0.0.1", port)

    async def of_tool(self, flags: tuple[str, ...], *words: str) -> Judged:
        """Of the recorder that the command line tool plays."""
        async with self.check(*flags) as (check, place):
            async with ringdown(place, "recorder", f"--dn={DN}", *words):
                return await judged(check)

    async def of_vendor(self, habits: Habits, *flags: str, dn: str = DN) -> Judged:
        async with self.check(*flags, dn=dn) as (check, place):
            task = asyncio.create_task(Vendor(place, habits).run())
            try:
                return await judged(check)
            finally:
                task.cancel()
                await asyncio.wait([task])

    def passes(self, found: Judged, steps: list[str]) -> None:
        self.assertEqual(found.which("pass"), steps, found.out)
        self.assertEqual(found.which("fail"), [], found.out)
        self.assertEqual(found.which("not played"), [], found.out)
        self.assertEqual(found.status, 0, found.out)

    def fails(self, found: Judged, step: str, why: str, passed: list[str]) -> None:
        """Just this step, for just this reason. What needs it is not played."""
        self.assertEqual(found.which("fail"), [step], found.out)
        self.assertEqual(found.steps[step]["why"], why)
        self.assertEqual(found.which("pass"), passed, found.out)
        self.assertEqual(found.status, 1, found.out)

    # ---- recorders that do their duties ----

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

    # ---- refusals ----

    async def test_a_refusal_has_a_reason_and_is_told_at_once(self) -> None:
        good, mute, able = await asyncio.gather(
            self.of_tool((*PATIENT, "--refuses=pause"), "--misbehave=fail pause"),
            self.of_tool((*SHORT, "--refuses=pause"), "--misbehave=ignore pause"),
            self.of_tool((*SHORT, "--refuses=pause")),
        )
        self.passes(good, ["registers", "says", "refusal"])
        first = ["registers", "says"]
        # Half-way the broker asks, and the answer is no refusal.
        self.assertEqual(mute.which("pass"), first, mute.out)
        self.assertEqual(mute.which("fail"), ["refusal"], mute.out)
        self.assertIn(
            mute.steps["refusal"]["why"],
            ("it said nothing within 1000 ms", "it said `enabled`, not `failed`"),
        )
        self.fails(able, "refusal", "it said `paused`, not `failed`", first)

    # ---- what a recorder can do wrong ----

    async def test_who_ignores_an_order_fails_its_step(self) -> None:
        start, pause, resume, stop = await asyncio.gather(
            *(
                self.of_tool(SHORT, f"--misbehave=ignore {verb}")
                for verb in ("start", "pause", "resume", "stop")
            )
        )
        first = ["registers", "says", "heartbeats"]
        asked = "within 2000 ms"
        self.fails(start, "start", f"it said `disabled` and not `enabled` {asked}", first)
        self.fails(
            pause,
            "pause",
            f"it said `enabled` and not `paused` or `disabled` {asked}",
            [*first, "start", "query", "stop"],
        )
        self.fails(
            resume,
            "resume",
            f"it said `paused` and not `enabled` {asked}",
            [*first, "start", "pause", "query", "stop"],
        )
        self.fails(
            stop,
            "stop",
            f"it said `enabled` and not `disabled` {asked}",
            [*first, "start", "pause", "resume", "query"],
        )

    async def test_who_fails_is_too_slow_or_dies_fails_its_step(self) -> None:
        failing, late, dying, silent = await asyncio.gather(
            self.of_tool(SHORT, "--misbehave=fail pause"),
            self.of_tool(SHORT, "--misbehave=confirm after 4s"),
            self.of_tool(SHORT, "--misbehave=crash on pause"),
            self.of_tool(SHORT, "--misbehave=stop answering heartbeats"),
        )
        first = ["registers", "says", "heartbeats"]
        self.fails(
            failing,
            "pause",
            "it said `failed`: 1 --misbehave says so",
            [*first, "start", "query", "stop"],
        )
        # Half-way it is asked, and says what is so yet.
        why = "it said `disabled` and not `enabled` within 2000 ms"
        self.fails(late, "start", why, first)
        self.fails(dying, "pause", "its link ended", [*first, "start"])
        self.assertEqual(dying.steps["query"]["why"], "the recorder is not there")
        self.assertEqual(silent.which("fail"), ["says", "heartbeats"], silent.out)
        self.assertEqual(silent.steps["heartbeats"]["why"], "its link ended")
        self.assertEqual(silent.which("pass"), ["registers"], silent.out)

    async def test_who_registers_wrongly_fails_at_once(self) -> None:
        standby, desktop, nobody = await asyncio.gather(
            self.of_vendor(Habits(standby=True), *SHORT),
            self.of_vendor(Habits(role=v1.ROLE_DESKTOP), *SHORT),
            self.of_vendor(Habits(), *SHORT[:2], "--wait=3", dn="7002"),
        )
        self.fails(standby, "registers", "it registered as standby", [])
        why = "it signed on as desktop, not as recorder"
        self.fails(desktop, "registers", why, [])
        self.fails(nobody, "registers", "it did not register within 3000 ms", [])

    async def test_who_records_unasked_fails_where_it_does(self) -> None:
        at_first, later, back = await asyncio.gather(
            self.of_vendor(Habits(first_word=CaptureState.ENABLED), *SHORT),
            self.of_vendor(Habits(resumes_after_s=3), "--confirm-timeout=2000", "--watch=4"),
            self.of_vendor(Habits(records_without_link=True), *SHORT),
        )
        wanted = "`paused` or `disabled`"
        self.fails(
            at_first,
            "says",
            f"it said `enabled`, not {wanted}",
            [step for step in FOR_ALL if step != "says"],
        )
        self.fails(
            later,
            "drift",
            "it said `enabled` unasked",
            [step for step in FOR_ALL if step != "drift"],
        )
        self.assertEqual(back.which("fail"), ["cut", "restart"], back.out)
        for step in ("cut", "restart"):
            self.assertEqual(back.steps[step]["why"], f"it said `enabled`, not {wanted}")

    async def test_who_keeps_a_word_back_fails_where_it_is_owed(self) -> None:
        deaf, brief, gone = await asyncio.gather(
            self.of_vendor(Habits(answers_queries=False), *SHORT),
            self.of_vendor(Habits(repeats_itself=False), *SHORT),
            self.of_vendor(Habits(comes_back=False), *SHORT),
        )
        others = [step for step in FOR_ALL if step not in ("query", "late")]
        self.fails(deaf, "query", "it said nothing within 2000 ms", others)
        self.assertEqual(deaf.which("not played"), ["late"])
        self.fails(
            brief,
            "twice",
            "it said nothing within 1000 ms",
            [step for step in FOR_ALL if step != "twice"],
        )
        passed = FOR_ALL[: FOR_ALL.index("cut")]
        self.fails(gone, "cut", "it did not register within 15000 ms", passed)

    async def test_who_cannot_start_a_second_call_fails_where_it_is_let_go(self) -> None:
        found = await self.of_vendor(Habits(one_call=True), *SHORT)
        others = [step for step in FOR_ALL if step != "two calls"]
        self.fails(found, "two calls", "the held command ended failed", others)

    async def test_who_drops_orders_fails_where_many_or_late_ones_come(self) -> None:
        hasty, forgetful = await asyncio.gather(
            self.of_vendor(Habits(orders_at_once_max=12), *SHORT),
            self.of_vendor(Habits(drops_older_than_s=1), *SHORT),
        )
        for found, step in ((hasty, "burst"), (forgetful, "late")):
            others = [other for other in FOR_ALL if other != step]
            self.assertEqual(found.which("fail"), [step], found.out)
            self.assertEqual(found.which("pass"), others, found.out)

    async def test_who_calls_itself_exact_must_echo_versions(self) -> None:
        exact = [v1.CAPABILITY_EXACT_VERSIONS]
        found = await self.of_vendor(Habits(capabilities=exact), *SHORT)
        why = "it signed on with EXACT_VERSIONS and said `enabled` without the order's version"
        self.fails(found, "start", why, ["registers", "says", "heartbeats"])


if __name__ == "__main__":
    unittest.main()
