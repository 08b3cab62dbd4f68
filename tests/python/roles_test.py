"""What a desktop and a recorder make of gaps, snapshots and the end of a link."""
from __future__ import annotations

import asyncio
import unittest

from fake_broker import FakeBroker, FakeLink, user_event
from harness import PATIENCE_S, AsyncTest
from ringdown import (
    CaptureState,
    Desktop,
    Light,
    Limits,
    LinkLost,
    ProtocolError,
    Recorder,
    Refused,
    Verb,
    v1,
)
from ringdown.framing import delimited

PATIENT = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)


class Roles(AsyncTest):
    async def desktop(self, server: FakeBroker) -> Desktop:
        return await Desktop.connect(server.host, server.port, "7001", limits=PATIENT)

    async def test_the_light_is_unknown_after_a_gap_until_the_state_is_known(self) -> None:
        enabled = v1.CAPTURE_STATE_ENABLED
        ask = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(v1.Snapshot(dn_epoch=1, dn_sequence=3, effective_state=enabled))
            gap = v1.EventMissed(this_dn="7001", from_sequence=4, to_sequence=9, dn_epoch=1)
            link.say(v1.Frame(event_missed=gap))
            link.say(user_event("7001", 8, state=enabled))  # the newest of those it missed
            question = await link.hear_request()
            await ask.wait()
            snapshot = v1.Snapshot(
                dn_epoch=1, dn_sequence=11, effective_state=v1.CAPTURE_STATE_PAUSED
            )
            info = v1.EventAddressInfo(this_dn="7001", snapshot=snapshot)
            link.say(user_event("7001", 10, state=enabled))
            link.say(v1.Frame(reference_id=question.reference_id, event_address_info=info))
            await link.sign_off()

        async with FakeBroker(behave) as server, await self.desktop(server) as desktop:
            self.assertIs(desktop.light, Light.RECORDING)
            await desktop.wait_for_light(Light.UNKNOWN)
            ask.set()
            shown = desktop.lights()
            self.assertIs(await anext(shown), Light.UNKNOWN)
            self.assertIs(await anext(shown), Light.PAUSED)

    async def test_the_light_goes_out_with_the_link(self) -> None:
        go = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(
                v1.Snapshot(dn_epoch=1, effective_state=v1.CAPTURE_STATE_ENABLED)
            )
            await go.wait()

        async with FakeBroker(behave) as server, await self.desktop(server) as desktop:
            shown = desktop.lights()
            self.assertIs(await anext(shown), Light.RECORDING)
            go.set()
            self.assertIs(await anext(shown), Light.UNKNOWN)
            with self.assertRaises(LinkLost):
                await anext(shown)
            with self.assertRaises(LinkLost):
                await desktop.wait_for_light(Light.RECORDING)

    async def test_a_state_of_a_later_protocol_counts_as_not_said(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            request = await link.hear_request()
            # EventRegistered { this_dn: "7001", snapshot { effective_state: 77 } }
            body = b"\x0a\x047001\x1a\x02\x20\x4d"
            reference = bytes([request.reference_id])
            link.say_bytes(delimited(b"\x08" + reference + b"\xfa\x03" + delimited(body)))
            await link.sign_off()

        async with FakeBroker(behave) as server, await self.desktop(server) as desktop:
            self.assertIs(desktop.light, Light.UNKNOWN)

    async def test_a_snapshot_of_another_dn_is_a_protocol_error(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            request = await link.hear_request()
            other = v1.EventRegistered(this_dn="7002")
            link.say(v1.Frame(reference_id=request.reference_id, event_registered=other))
            await link.hear_the_end()

        async with FakeBroker(behave) as server:
            with self.assertRaises(ProtocolError):
                await self.desktop(server)

    async def test_each_accepted_command_has_one_outcome(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
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
            ack = v1.EventACK(dn_sequence=4, dn_epoch=1, version=2)
            link.say(v1.Frame(reference_id=pause.reference_id, event_ack=ack))
            told.outcome = v1.OUTCOME_CONFIRMED
            link.say(v1.Frame(event_outcome=told))  # once is enough
            resume = await link.hear_request()
            ack.dn_sequence = 5
            link.say(v1.Frame(reference_id=resume.reference_id, event_ack=ack))
            refused = await link.hear_request()
            error = v1.EventError(error_code=165, this_dn="7001")
            link.say(v1.Frame(reference_id=refused.reference_id, event_error=error))

        async with FakeBroker(behave) as server, await self.desktop(server) as desktop:
            ack = await desktop.pause()
            self.assertEqual((await desktop.outcome(ack)).outcome, v1.OUTCOME_PARTIAL)
            lost = await desktop.resume(connection_id=0x71)
            with self.assertRaises(Refused):
                await desktop.stop()
            outcome = await desktop.outcome(lost)  # the link ends
            self.assertEqual(outcome.outcome, v1.OUTCOME_UNKNOWN)
            self.assertEqual(
                (outcome.dn_sequence, outcome.connection_id, outcome.time_us), (5, 0x71, 0)
            )
            self.assertEqual((await desktop.outcome(ack)).outcome, v1.OUTCOME_PARTIAL)
            with self.assertRaises(ValueError):
                await desktop.outcome(v1.EventACK(dn_sequence=99, dn_epoch=1))

    async def test_a_held_resume_reaches_a_recorder_when_it_is_let_go(self) -> None:
        def resume(sequence: int, version: int, call: int) -> v1.Frame:
            frame = user_event("7001", sequence)
            event = frame.event_user_event
            event.version = version
            event.event.connection_id = call
            event.event.user_data.pairs.add(key="screen-capture", string_value="resume")
            return frame

        async def behave(link: FakeLink) -> None:
            await link.grant()
            held = v1.CaptureSession(
                connection_id=1, desired=v1.CAPTURE_STATE_ENABLED, version=3, held=True
            )
            others = [
                v1.CaptureSession(connection_id=2, desired=v1.CAPTURE_STATE_PAUSED, version=4),
                v1.CaptureSession(connection_id=3, desired=v1.CAPTURE_STATE_ENABLED, version=5),
            ]
            await link.register(
                v1.Snapshot(dn_epoch=1, dn_sequence=5, version=5, sessions=[held, *others])
            )
            link.say(resume(5, 5, 3))  # the snapshot has it
            marked = resume(6, 6, 2)
            marked.event_user_event.mark = v1.EVENT_MARK_HELD
            link.say(marked)
            for _ in range(2):
                link.say(resume(7, 3, 1))
            reply = await link.hear_request()
            said = reply.request_send_event
            self.assertEqual((said.version, said.event.connection_id), (3, 1))
            ack = v1.EventACK(dn_sequence=8, dn_epoch=1)
            link.say(v1.Frame(reference_id=reply.reference_id, event_ack=ack))
            await link.sign_off()

        async with FakeBroker(behave) as server:
            async with await Recorder.connect(server.host, server.port, ["7001"]) as recorder:
                got = [await anext(recorder) for _ in range(4)]
                await recorder.indicate(got[3], CaptureState.ENABLED)
        self.assertEqual(
            [(one.verb, one.connection_id, one.version) for one in got],
            [
                (Verb.START, 3, 5),
                (Verb.PAUSE, 1, 0),
                (Verb.PAUSE, 2, 4),
                (Verb.RESUME, 1, 3),
            ],
        )

    async def test_a_recorder_does_what_it_missed_and_nothing_twice(self) -> None:
        enabled, paused = v1.CAPTURE_STATE_ENABLED, v1.CAPTURE_STATE_PAUSED

        def session(call: int, desired: v1.CaptureState, version: int) -> v1.CaptureSession:
            return v1.CaptureSession(connection_id=call, desired=desired, version=version)

        def command(word: str, sequence: int, version: int) -> v1.Frame:
            frame = user_event("7001", sequence)
            frame.event_user_event.version = version
            frame.event_user_event.event.user_data.pairs.add(
                key="screen-capture", string_value=word
            )
            return frame

        def snapshot(sequence: int, version: int, *sessions: v1.CaptureSession) -> v1.Snapshot:
            return v1.Snapshot(
                dn_epoch=1, dn_sequence=sequence, version=version, sessions=sessions
            )

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(
                snapshot(4, 3, session(2, paused, 3), session(1, enabled, 2), v1.CaptureSession())
            )
            link.say(command("query", 5, 0))
            link.say(command("resume", 6, 4))
            gap = v1.EventMissed(this_dn="7001", from_sequence=7, to_sequence=8, dn_epoch=1)
            link.say(v1.Frame(event_missed=gap))
            link.say(command("pause", 9, 6))  # the snapshot knows it too
            question = await link.hear_request()
            state = snapshot(9, 6, session(1, paused, 6), session(2, enabled, 4))
            info = v1.EventAddressInfo(this_dn="7001", snapshot=state)
            link.say(v1.Frame(reference_id=question.reference_id, event_address_info=info))
            link.say(command("stop", 10, 7))
            await link.sign_off()

        async with FakeBroker(behave) as server:
            async with await Recorder.connect(server.host, server.port, ["7001"]) as recorder:
                got = [await anext(recorder) for _ in range(6)]
        self.assertEqual(
            [(one.verb, one.connection_id, one.version) for one in got],
            [
                (Verb.START, 1, 2),
                (Verb.PAUSE, 2, 3),
                (Verb.QUERY, 0, 0),
                (Verb.RESUME, 0, 4),
                (Verb.PAUSE, 1, 6),
                (Verb.STOP, 0, 7),
            ],
        )


if __name__ == "__main__":
    unittest.main()
