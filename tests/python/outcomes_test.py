"""What a desktop commands, and what it is told of it."""
from __future__ import annotations

import asyncio
import unittest

from desktop_case import UNKNOWN, DesktopTest, snapshot
from fake_broker import FakeLink, user_event
from ringdown import Desktop, NoAnswer, Outcome, Refused, Verb, capture_request, v1
from ringdown._owed import OUTCOMES_MAX, Outcomes


class Commands(DesktopTest):
    async def test_a_command_carries_its_reason_and_the_agent(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            link.looks = snapshot(1, UNKNOWN)
            for sequence, word in enumerate(("start", "pause", "resume", "stop"), 2):
                request = await link.hear_request()
                said = request.request_send_event
                self.assertEqual((said.reason, said.agent_id), (f"why {word}", "A-1017"))
                self.assertEqual(said.event.user_data.pairs[0].string_value, word)
                link.accept(request, sequence)
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            await desktop.start(reason="why start")
            await desktop.pause(reason="why pause")
            await desktop.resume(reason="why resume")
            await desktop.stop(reason="why stop")

        await self.play(behave, see, agent_id="A-1017")

    async def test_what_is_wrong_is_named_before_anything_is_sent(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            with self.assertRaisesRegex(ValueError, "reason: 65 bytes, accepted are at most 64"):
                await desktop.pause(reason="x" * 65)
            with self.assertRaisesRegex(ValueError, "connection_id: -1"):
                await desktop.resume(connection_id=-1)
            with self.assertRaisesRegex(ValueError, "if_version: -1"):
                await desktop.resume(if_version=-1)

        await self.play(behave, see)
        with self.assertRaisesRegex(ValueError, "agent_id: 65 bytes"):
            await Desktop.connect("nobody.invalid", 1, "7001", agent_id="x" * 65)
        with self.assertRaisesRegex(ValueError, "dn: an empty DN"):
            await Desktop.connect("nobody.invalid", 1, "")

    async def test_each_accepted_command_has_one_outcome(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            link.looks = snapshot(1, UNKNOWN)
            pause = await link.hear_request()
            # The broker's own time counts.
            self.assertFalse(pause.request_send_event.HasField("confirm_timeout_ms"))
            told = v1.EventOutcome(
                this_dn="7001",
                command_id=pause.request_send_event.command_id,
                outcome=v1.OUTCOME_PARTIAL,
                time_us=5,
            )
            link.say(v1.Frame(event_outcome=told))  # as early as it may come
            link.accept(pause, 4, 2)
            told.outcome = v1.OUTCOME_CONFIRMED
            link.say(v1.Frame(event_outcome=told))  # once is enough
            link.accept(await link.hear_request(), 5)
            refused = await link.hear_request()
            error = v1.EventError(error_code=165, this_dn="7001")
            link.say(v1.Frame(reference_id=refused.reference_id, event_error=error))

        async def see(desktop: Desktop) -> None:
            ack = await desktop.pause()
            self.assertIs((await desktop.outcome(ack)).outcome, Outcome.PARTIAL)
            self.assertIs((await desktop.final_outcome(ack)).outcome, Outcome.PARTIAL)
            lost = await desktop.resume(connection_id=0x71)
            with self.assertRaises(Refused):
                await desktop.stop()
            outcome = await desktop.outcome(lost)  # the link ends
            self.assertIs(outcome.outcome, Outcome.UNKNOWN)
            told = outcome.event
            self.assertEqual(
                (told.dn_sequence, told.connection_id, told.time_us), (5, 0x71, 0)
            )
            self.assertIs((await desktop.outcome(ack)).outcome, Outcome.PARTIAL)
            with self.assertRaises(ValueError):
                await desktop.outcome(v1.EventACK(dn_sequence=99, dn_epoch=1))

        await self.play(behave, see)

    async def test_the_release_of_a_held_command_is_told_behind_its_outcome(self) -> None:
        go = asyncio.Event()
        pause = v1.Pause(application_name="desk", reason="card")

        def released(command_id: bytes, outcome: v1.Outcome) -> v1.Frame:
            told = v1.EventOutcome(
                this_dn="7001",
                dn_sequence=9,
                outcome=outcome,
                released_sequence=4,
                released_command_id=command_id,
                broker_reason=v1.BROKER_REASON_HOLD_RELEASED,
            )
            return v1.Frame(event_outcome=told)

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            link.looks = snapshot(1, UNKNOWN)
            ids = []
            for sequence in (4, 5):
                resume = await link.hear_request()
                ids.append(resume.request_send_event.command_id)
                link.accept(resume, sequence)
                held = v1.EventOutcome(
                    command_id=ids[-1], outcome=v1.OUTCOME_HELD, held_by=pause
                )
                link.say(v1.Frame(event_outcome=held))
            await go.wait()
            link.say(released(bytes(16), v1.OUTCOME_CONFIRMED))  # somebody else's
            link.say(released(ids[0], v1.OUTCOME_TIMED_OUT))
            link.say(released(ids[0], v1.OUTCOME_CONFIRMED))  # once is enough
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            first, second = await desktop.resume(), await desktop.start(connection_id=0x72)
            outcome = await desktop.outcome(first)
            self.assertEqual((outcome.outcome, outcome.held_by), (Outcome.HELD, pause))
            with self.assertRaises(TimeoutError):
                await desktop.final_outcome(first, timeout_s=0)
            go.set()
            final = await desktop.final_outcome(first)
            self.assertEqual((final.outcome, final.event.released_sequence), (Outcome.TIMED_OUT, 4))
            self.assertIs((await desktop.outcome(first)).outcome, Outcome.HELD)
            waits = asyncio.create_task(desktop.final_outcome(second))
            await desktop.connection.sign_off()
            self.assertIs((await waits).outcome, Outcome.UNKNOWN)
            self.assertIs((await desktop.outcome(second)).outcome, Outcome.HELD)

        await self.play(behave, see)

    async def test_the_outcomes_that_are_kept_are_bounded_and_nobody_waits_for_ever(self) -> None:
        outcomes = Outcomes(lambda: None)
        acks: list[v1.EventACK] = []
        for sequence in range(1, OUTCOMES_MAX + 3):
            request = capture_request("7001", Verb.RESUME)
            request.command_id = sequence.to_bytes(16, "big")
            outcomes.expect(request)
            acks.append(v1.EventACK(dn_epoch=1, dn_sequence=sequence))
            if sequence == OUTCOMES_MAX + 1:
                first = asyncio.create_task(outcomes.first(acks[0]))
                final = asyncio.create_task(outcomes.final(acks[1]))
                held = v1.EventOutcome(
                    command_id=(2).to_bytes(16, "big"), outcome=v1.OUTCOME_HELD
                )
                outcomes.take(held)
                await asyncio.sleep(0)
            outcomes.accept(request, acks[-1])
        self.assertIs((await first).outcome, Outcome.UNKNOWN)
        self.assertIs((await final).outcome, Outcome.UNKNOWN)
        for forgotten in acks[:2]:
            with self.assertRaises(ValueError):
                await outcomes.first(forgotten)
        outcomes.end()
        self.assertIs((await outcomes.first(acks[2])).outcome, Outcome.UNKNOWN)
        self.assertEqual(len(outcomes._owed), OUTCOMES_MAX)

    async def test_a_recorder_that_can_only_say_that_it_failed_is_no_answer(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            link.looks = snapshot(1, UNKNOWN)
            query = await link.hear_request()
            link.accept(query, 2)
            answer = user_event("7001", 3, word="failed")
            answer.event_user_event.directed_reference_id = 8
            answer.event_user_event.failure.CopyFrom(v1.Failure(code=5, text="no\x1bdevice"))
            link.say(answer)
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            with self.assertRaisesRegex(NoAnswer, r"the recorder failed: 5 no\\x1bdevice"):
                await desktop.query()

        await self.play(behave, see)


if __name__ == "__main__":
    unittest.main()
