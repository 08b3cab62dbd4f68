"""A desktop and a recorder, each in C++ or in Python, play the whole conversation."""
from __future__ import annotations

import json
import unittest

from harness import PATIENCE_S, SOURCE, AsyncTest, Broker, Program, python, ringdown

EXAMPLES = SOURCE / "examples" / "python"
WITHIN = f"within {PATIENCE_S:g}s"
SCRIPT = (
    f"start, expect recording {WITHIN}, pause, expect paused {WITHIN}, "
    f"resume, expect recording {WITHIN}, query, stop, expect off {WITHIN}"
)
LIGHTS = ["recording", "paused", "recording", "off"]
COMMANDS = ["start", "pause", "resume", "stop"]


def recorder_in(language: str, broker: Broker) -> Program:
    if language == "C++":
        return ringdown(broker, "recorder", "--dn=7001")
    return python(EXAMPLES / "recorder.py", broker, "7001")


def desktop_in(language: str, broker: Broker) -> Program:
    if language == "C++":
        return ringdown(
            broker, "desktop", "--dn=7001", f"--timeout={PATIENCE_S:g}", f"--script={SCRIPT}"
        )
    return python(EXAMPLES / "desktop.py", broker, "7001")


def lights(language: str, out: str) -> list[str]:
    """What the light showed, one after the other, without what was before the first command."""
    if language == "C++":
        said = [json.loads(line) for line in out.splitlines()]
        shown = [one["light"] for one in said if "light" in one]
    else:
        lines = out.splitlines()
        shown = [line.removeprefix("light: ") for line in lines if line.startswith("light: ")]
    while shown and shown[0] != LIGHTS[0]:
        del shown[0]
    return [light for light in shown if light != "unknown"]


def commands(language: str, out: str) -> list[str]:
    """What the recorder was told by the desktop; the broker may ask it something too."""
    if language == "C++":
        said = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        events = [one for one in said if one.get("event") == "EventUserEvent"]
        heard = [one.get("screen_capture") for one in events if one["origin_role"] != "broker"]
        return [word for word in heard if word in (*COMMANDS, "query")]
    return [line.split()[1] for line in out.splitlines() if line.endswith(" (command)")]


class Pairs(AsyncTest):
    async def play(self, desktop_language: str, recorder_language: str) -> None:
        async with Broker() as broker, recorder_in(recorder_language, broker) as recorder:
            await recorder.says("EventRegistered" if recorder_language == "C++" else "ready")
            async with desktop_in(desktop_language, broker) as desktop:
                status = await desktop.wait()
            self.assertEqual(status, 0, desktop.out + recorder.out)
            self.assertEqual(lights(desktop_language, desktop.out), LIGHTS, desktop.out)
            self.assertEqual(await recorder.stop(), 0, recorder.out)
            heard = commands(recorder_language, recorder.out)
            self.assertEqual(heard.count("query"), 1, recorder.out)
            heard.remove("query")  # waits behind orders, if any come meanwhile
            self.assertEqual(heard, COMMANDS, recorder.out)
            if desktop_language == "Python":
                self.assertIn("asked: enabled", desktop.out)
            self.assertEqual(await broker.stop(), 0, broker.out)

    async def test_a_desktop_in_cpp_and_a_recorder_in_cpp(self) -> None:
        await self.play("C++", "C++")

    async def test_a_desktop_in_cpp_and_a_recorder_in_python(self) -> None:
        await self.play("C++", "Python")

    async def test_a_desktop_in_python_and_a_recorder_in_cpp(self) -> None:
        await self.play("Python", "C++")

    async def test_a_desktop_in_python_and_a_recorder_in_python(self) -> None:
        await self.play("Python", "Python")


if __name__ == "__main__":
    unittest.main()
