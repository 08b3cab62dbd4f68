"""The prompt of `ringdown desktop` on a terminal."""
from __future__ import annotations

import unittest

from harness import BIN, AsyncTest, Broker, ringdown
from terminal import Typist

PROMPT = "7001 (?) UNKNOWN> "


def desktop(broker: Broker, **variables: str) -> Typist:
    words = (str(BIN / "ringdown"), f"--connect={broker.host}:{broker.port}")
    return Typist(*words, "--timeout=60", "desktop", "--dn=7001", **variables)


class Prompt(AsyncTest):
    async def say(self, broker: Broker, note: str) -> None:
        async with ringdown(broker, "send", "--dn=7001", f"--data=note={note}") as other:
            self.assertEqual(await other.wait(), 0)

    async def test_what_is_half_typed_stays_when_an_event_comes(self) -> None:
        async with Broker() as broker, desktop(broker) as agent:
            await agent.shows(PROMPT.rstrip())
            agent.type("send note=hal")
            await agent.shows(PROMPT + "send note=hal")
            await self.say(broker, "hello")
            await agent.has("note=hello")
            await agent.shows(PROMPT + "send note=hal")
            agent.type("\x02\x02\x7fp\x05f\r")  # back twice, another letter, to the end
            await agent.has("RequestSendEvent ref=3 dn=7001 note=palf")
            agent.type("\x04")
            self.assertEqual(await agent.wait(), 0)

    async def test_a_line_that_is_longer_than_the_terminal_stays_too(self) -> None:
        async with Broker() as broker, desktop(broker) as agent:
            await agent.shows(PROMPT.rstrip())
            words = "send note=" + "x" * 70
            agent.type(words)
            await agent.shows((PROMPT + words)[60:])
            await self.say(broker, "hello")
            await agent.has("note=hello")
            await agent.shows((PROMPT + words)[60:])
            self.assertEqual(sum("send note=" in line for line in agent.screen.lines()), 1)

    async def test_lines_come_back_and_words_are_completed(self) -> None:
        async with Broker() as broker, desktop(broker) as agent:
            await agent.shows(PROMPT.rstrip())
            agent.type("send note=first\r")
            await agent.has("note=first")
            await agent.has("EventACK ref=3")
            agent.type("\x1b[A")
            await agent.shows(PROMPT + "send note=first")
            agent.type("\x15expect-o\tpa\t")
            await agent.shows(PROMPT + "expect-outcome partial")
            agent.type("\x15expect-outcome \t\t")
            await agent.has("confirmed  timed_out  partial  superseded")
            await agent.shows(PROMPT + "expect-outcome")

    async def test_a_typo_is_told_and_ends_nothing(self) -> None:
        async with Broker() as broker, desktop(broker) as agent:
            await agent.shows(PROMPT.rstrip())
            agent.type("puase\r")
            await agent.has("unknown step 'puase'")
            await agent.shows(PROMPT.rstrip())
            agent.type("send note=after\r")
            await agent.has("EventACK")
            agent.type("quit\r")
            self.assertEqual(await agent.wait(), 0)

    async def test_the_prompt_tells_of_a_command_until_its_outcome(self) -> None:
        recorder_words = ("recorder", "--dn=7001", "--app=video-3", "--delay=1000")
        async with Broker("--limits.confirm_timeout=60 s") as broker:
            async with ringdown(broker, *recorder_words) as recorder, desktop(broker) as agent:
                await recorder.says("EventRegistered")
                await agent.has("7001 (")
                agent.type("start\r")
                await agent.has(", start in 5")
                await agent.has("start confirmed by video-3 in")
                await agent.shows("7001 (*) RECORDING>")
                self.assertNotIn("pending:", agent.written)

    async def test_escape_alone_keeps_nobody_from_hearing(self) -> None:
        async with Broker() as broker, desktop(broker) as agent:
            await agent.shows(PROMPT.rstrip())
            agent.type("\x1b")
            await self.say(broker, "hello")
            await agent.has("note=hello")

    async def test_a_dumb_terminal_gets_lines_and_nothing_else(self) -> None:
        async with Broker() as broker, desktop(broker, TERM="dumb", NO_COLOR="") as agent:
            await agent.has("light: UNKNOWN")
            agent.type("send note=plain\n")
            await agent.has("EventACK")
            agent.type("quit\n")
            self.assertEqual(await agent.wait(), 0)
            self.assertNotIn("\x1b", agent.written)

    async def test_the_light_has_its_colour_unless_nobody_wants_it(self) -> None:
        async with Broker() as broker:
            async with desktop(broker, NO_COLOR="") as agent:
                await agent.has("UNKNOWN>")
                self.assertIn("\x1b[33m(?) UNKNOWN\x1b[0m", agent.written)
                async with ringdown(broker, "recorder", "--dn=7001") as recorder:
                    await recorder.says("EventRegistered")
                    agent.type("start\r")
                    await agent.has("(*) RECORDING>")
                    agent.type("pause\r")
                    await agent.has("(=) PAUSED>")
                    agent.type("stop\r")
                    await agent.has("( ) OFF>")
                # Red is what records, as on a camera; that is no alarm, and paused is no green.
                for light in "1;31m(*) RECORDING", "36m(=) PAUSED", "90m( ) OFF":
                    self.assertIn(f"\x1b[{light}\x1b[0m", agent.written)
            async with desktop(broker, NO_COLOR="1") as agent:
                await agent.shows(PROMPT.rstrip())
                self.assertNotIn("\x1b[33m", agent.written)


if __name__ == "__main__":
    unittest.main()
