"""The outcomes of a desktop's commands over lost links, and what it asks for by itself."""
from __future__ import annotations

import asyncio
import unittest
from typing import Awaitable, Callable
from unittest import mock

from desktop_case import ENABLED, PAUSED, UNKNOWN, DesktopTest, snapshot
from fake_broker import FakeBroker, FakeLink, user_event
from ringdown import Alarm, BrokerReason, CommandOutcome, Desktop, Light, Outcome, Refused
from ringdown import SteadyDesktop, Verb, v1
from steady_case import AT_ONCE, PATIENT, SteadyTest, taken_over, until_signed_off


def outcome_of(command_id: bytes, outcome: v1.Outcome) -> v1.Frame:
    return v1.Frame(event_outcome=v1.EventOutcome(command_id=command_id, outcome=outcome))


class OverLostLinks(SteadyTest):
    async def lose(
        self,
        next_link: Callable[[FakeLink, bytes], Awaitable[None]],
        *,
        held: bool = False,
        margin_s: float = 0.0,
    ) -> CommandOutcome:
        """What is told of a `start` that was accepted as event 4 of epoch 1, by broker 1, before
        the link was lost; of one that was held, in the end."""
        ids: list[bytes] = []
        told = asyncio.Event()

        async def accepts(link: FakeLink) -> None:
            await link.grant(server_instance=1)
            await link.register(snapshot(3, ENABLED))
            link.looks = snapshot(4, ENABLED)
            start = await link.hear_request()
            ids.append(start.request_send_event.command_id)
            link.accept(start, 4)
            if held:
                link.say(outcome_of(ids[0], v1.OUTCOME_HELD))
            await told.wait()

        async def again(link: FakeLink) -> None:
            await next_link(link, ids[0])

        found: list[CommandOutcome] = []

        async def see(server: FakeBroker) -> None:
            with mock.patch("ringdown._owed.OUTCOME_MARGIN_S", margin_s):
                async with SteadyDesktop(
                    [(server.host, server.port)], "7001", reconnect=AT_ONCE, limits=PATIENT
                ) as desktop:
                    await desktop.wait_until_registered()
                    ack = await desktop.start()
                    if held:
                        self.assertIs((await desktop.outcome(ack)).outcome, Outcome.HELD)
                    told.set()
                    found.append(await desktop.final_outcome(ack))

        await self.serve(see, accepts, again)
        return found[0]

    async def test_it_is_told_over_the_next_link(self) -> None:
        async def still_open(link: FakeLink, command_id: bytes) -> None:
            await link.grant(server_instance=1)
            await link.register(snapshot(4, ENABLED, session=v1.CaptureSession(pending=1)))
            link.say(outcome_of(command_id, v1.OUTCOME_CONFIRMED))
            await until_signed_off(link)

        self.assertIs((await self.lose(still_open)).outcome, Outcome.CONFIRMED)

    async def test_it_is_unknown_if_it_was_decided_while_the_link_was_down(self) -> None:
        async def none_pending(link: FakeLink, command_id: bytes) -> None:
            await link.grant(server_instance=1)
            await link.register(snapshot(4, ENABLED, session=v1.CaptureSession(pending=0)))
            await until_signed_off(link)

        outcome = await self.lose(none_pending)
        self.assertEqual((outcome.outcome, outcome.event.time_us), (Outcome.UNKNOWN, 0))
        self.assertEqual((outcome.event.dn_epoch, outcome.event.dn_sequence), (1, 4))

    async def test_one_that_is_on_its_way_then_may_still_come(self) -> None:
        async def late(link: FakeLink, command_id: bytes) -> None:
            await link.grant(server_instance=1)
            await link.register(snapshot(4, ENABLED))
            link.say(outcome_of(command_id, v1.OUTCOME_FAILED))
            await until_signed_off(link)

        self.assertIs((await self.lose(late, margin_s=60.0)).outcome, Outcome.FAILED)

    async def test_it_is_unknown_if_the_broker_has_restarted(self) -> None:
        async def another(link: FakeLink, command_id: bytes) -> None:
            await link.grant(server_instance=2)
            await until_signed_off(link)

        self.assertIs((await self.lose(another, margin_s=60.0)).outcome, Outcome.UNKNOWN)

    async def test_it_is_unknown_if_the_desktop_gives_up(self) -> None:
        async def other(link: FakeLink, command_id: bytes) -> None:
            await link.grant(server_instance=1)
            await taken_over(link)

        for held in (False, True):
            outcome = await self.lose(other, held=held, margin_s=60.0)
            self.assertIs(outcome.outcome, Outcome.UNKNOWN)

    async def test_of_one_that_is_held_the_end_is_told_over_the_next_link(self) -> None:
        async def still_held(link: FakeLink, command_id: bytes) -> None:
            await link.grant(server_instance=1)
            waits = v1.OpenOrder(dn_sequence=4, command=v1.COMMAND_START, held=True)
            await link.register(snapshot(5, PAUSED, session=v1.CaptureSession(orders=[waits])))
            for _ in range(3):  # a turn for each side
                await asyncio.sleep(0)
            released = v1.EventOutcome(
                outcome=v1.OUTCOME_CONFIRMED, released_sequence=4, released_command_id=command_id
            )
            link.say(v1.Frame(event_outcome=released))
            link.looks = snapshot(5, PAUSED)
            await until_signed_off(link)

        outcome = await self.lose(still_held, held=True)
        self.assertEqual(
            (outcome.outcome, outcome.event.released_sequence), (Outcome.CONFIRMED, 4)
        )

    async def test_of_one_that_is_held_no_more_it_is_unknown(self) -> None:
        async def waits_not(link: FakeLink, command_id: bytes) -> None:
            await link.grant(server_instance=1)
            other = v1.OpenOrder(dn_sequence=9, command=v1.COMMAND_START, held=True)
            await link.register(snapshot(9, PAUSED, session=v1.CaptureSession(orders=[other])))
            await until_signed_off(link)

        self.assertIs((await self.lose(waits_not, held=True)).outcome, Outcome.UNKNOWN)


class OneLink(DesktopTest):
    async def test_the_commands_own_time_counts(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            link.looks = snapshot(1, UNKNOWN)
            pause = await link.hear_request()
            self.assertEqual(pause.request_send_event.confirm_timeout_ms, 1)
            link.accept(pause, 4)
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            with mock.patch("ringdown._owed.OUTCOME_MARGIN_S", 0.0):
                ack = await desktop.pause(confirm_timeout_s=0.001)
                self.assertIs((await desktop.outcome(ack)).outcome, Outcome.UNKNOWN)

        await self.play(behave, see)

    async def test_the_newest_command_without_an_outcome_is_shown_with_its_deadline(self) -> None:
        go = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            link.looks = snapshot(1, UNKNOWN)
            for sequence in (4, 5):
                request = await link.hear_request()
                link.accept(request, sequence)
            await go.wait()
            command_id = request.request_send_event.command_id
            link.say(outcome_of(command_id, v1.OUTCOME_CONFIRMED))
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            self.assertIsNone(desktop.shown.pending)
            before = asyncio.get_running_loop().time()
            await desktop.start(connection_id=0x71)
            ack = await desktop.pause(confirm_timeout_s=30.0, command_id=b"i" * 16)
            changes = desktop.changes()
            pending = (await anext(changes)).pending
            assert pending is not None and pending.deadline_s is not None
            self.assertEqual((pending.verb, pending.command_id), (Verb.PAUSE, b"i" * 16))
            self.assertGreaterEqual(pending.deadline_s, before + 30.0)
            go.set()
            await desktop.outcome(ack)
            while (pending := (await anext(changes)).pending) and pending.verb is Verb.PAUSE:
                pass
            assert pending is not None
            self.assertEqual((pending.verb, pending.connection_id), (Verb.START, 0x71))
            self.assertIsNone(pending.deadline_s)  # the broker's own, which it does not tell

        await self.play(behave, see)

    async def test_the_same_command_sent_again_is_told_one_outcome(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            link.looks = snapshot(1, UNKNOWN)
            for retry in (False, True):
                request = await link.hear_request()
                said = request.request_send_event
                self.assertEqual((said.command_id, said.retry), (b"i" * 16, retry))
                link.accept(request, 4)
            link.say(outcome_of(b"i" * 16, v1.OUTCOME_CONFIRMED))
            request = await link.hear_request()
            error = v1.EventError(error_code=53, this_dn="7001")
            link.say(v1.Frame(reference_id=request.reference_id, event_error=error))
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            first = await desktop.pause(command_id=b"i" * 16)
            waits = asyncio.create_task(desktop.outcome(first))
            await asyncio.sleep(0)
            second = await desktop.pause(command_id=b"i" * 16, retry=True)
            self.assertIs((await desktop.outcome(second)).outcome, Outcome.CONFIRMED)
            self.assertIs((await waits).outcome, Outcome.CONFIRMED)
            with self.assertRaisesRegex(Refused, "53"):  # with another content
                await desktop.stop(command_id=b"i" * 16)
            self.assertIs((await desktop.outcome(first)).outcome, Outcome.CONFIRMED)
            with self.assertRaisesRegex(ValueError, "command_id: 3 bytes, accepted are 16"):
                await desktop.pause(command_id=b"one")
            with self.assertRaisesRegex(ValueError, "retry: only with the command_id"):
                await desktop.pause(retry=True)
            with self.assertRaisesRegex(ValueError, "confirm_timeout_s: 0, accepted are 0.001"):
                await desktop.pause(confirm_timeout_s=0)

        await self.play(behave, see)

    async def test_the_broker_is_asked_again_while_anything_stands(self) -> None:
        pause = v1.Pause(application_name="desk")
        stands = v1.CaptureSession(desired=PAUSED, pauses=[pause])
        gone = v1.CaptureSession(
            desired=PAUSED, pauses=[v1.Pause(application_name="desk", holder_gone=True)]
        )

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, PAUSED, session=stands))
            for session in (stands, gone, v1.CaptureSession(desired=ENABLED)):
                question = await link.hear_request()
                link.inform(question, snapshot(3, PAUSED, session=session))
            await link.sign_off()  # where nothing stands nothing is asked

        async def see(desktop: Desktop) -> None:
            seen = []
            async for shown in desktop.changes():
                seen.append([one.holder_gone for one in shown.pauses])
                if not shown.pauses:
                    break
            self.assertEqual((seen[0], seen[-1]), ([False], []))

        with mock.patch("ringdown._desktop_base.RENEWED_AFTER_S", 0.01):
            await self.play(behave, see)

    async def test_an_alarm_that_was_raised_stands_until_a_recorder_speaks(self) -> None:
        spoken = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, PAUSED))
            link.looks = snapshot(4, PAUSED)  # knows of no alarm
            alarm = user_event("7001", 4)
            alarm.event_user_event.mark = v1.EVENT_MARK_ALARM
            alarm.event_user_event.broker_reason = v1.BROKER_REASON_PAUSE_LONG
            link.say(alarm)
            answers = asyncio.create_task(link.sign_off())
            await spoken.wait()
            link.say(user_event("7001", 5, word="unknown", state=UNKNOWN))  # is no recorder
            link.say(user_event("7001", 6, word="enabled", state=ENABLED))
            link.looks = snapshot(6, ENABLED)
            await answers

        async def see(desktop: Desktop) -> None:
            async for shown in desktop.changes():
                if shown.alarms:
                    break
            self.assertEqual(shown.alarms, (Alarm(BrokerReason.PAUSE_LONG),))
            self.assertEqual((await desktop.look()).alarms, shown.alarms)
            spoken.set()
            await desktop.wait_for_light(Light.RECORDING)
            self.assertEqual(desktop.shown.alarms, ())

        await self.play(behave, see)


if __name__ == "__main__":
    unittest.main()
