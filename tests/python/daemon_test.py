"""The Python client against the real daemon."""
from __future__ import annotations

import asyncio
import signal
import unittest
from contextlib import AsyncExitStack

from harness import PATIENCE_S, SOURCE, AsyncTest, Broker, python
from ringdown import (
    CaptureState,
    Command,
    Connection,
    Desktop,
    Event,
    Identity,
    Light,
    Limits,
    LinkLost,
    NotAllGranted,
    Recorder,
    Refused,
    Value,
    Verb,
    WindowFull,
    user_data,
    v1,
    values_of,
)
from ringdown.capture import capture_request, screen_capture

PATIENT = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)
DESKTOP, RECORDER = v1.ROLE_DESKTOP, v1.ROLE_RECORDER


class DaemonTest(AsyncTest):
    """A daemon for each test. What a test opens is closed before the daemon is."""

    async def broker(self, *flags: str) -> Broker:
        self._stack = AsyncExitStack()
        self.addAsyncCleanup(self._stack.aclose)
        self.at = await self._stack.enter_async_context(Broker(*flags))
        return self.at

    async def asyncTearDown(self) -> None:
        if hasattr(self, "_stack"):
            await self._stack.aclose()
        await super().asyncTearDown()

    async def connection(self, role: v1.Role, *dns: str, echo: bool = False) -> Connection:
        opening = Connection.open(self.at.host, self.at.port, Identity(role), PATIENT)
        connection = await self._stack.enter_async_context(await opening)
        if dns:
            await connection.register(dns, echo=echo)
        return connection

    async def desktop(self, dn: str) -> Desktop:
        connecting = Desktop.connect(self.at.host, self.at.port, dn, limits=PATIENT)
        return await self._stack.enter_async_context(await connecting)

    async def recorder(self, *dns: str) -> Recorder:
        connecting = Recorder.connect(self.at.host, self.at.port, dns, limits=PATIENT)
        return await self._stack.enter_async_context(await connecting)

    async def user_event(self, connection: Connection) -> v1.EventUserEvent:
        event: Event = await connection.next_event(timeout_s=PATIENCE_S)
        assert isinstance(event, v1.EventUserEvent), event
        return event


async def next_command(recorder: Recorder) -> Command:
    async with asyncio.timeout(PATIENCE_S):
        return await anext(recorder)


def plain(dn: str, *pairs: tuple[str, Value]) -> v1.RequestSendEvent:
    event = v1.Event(
        this_dn=dn,
        message_type=v1.MESSAGE_TYPE_EVENT_USER_EVENT,
        user_data=user_data(pairs),
    )
    return v1.RequestSendEvent(this_dn=dn, event=event)


class Links(DaemonTest):
    async def test_sign_on_tells_who_is_there_and_what_is_granted(self) -> None:
        await self.broker("--server.name=here")
        granted = (await self.connection(DESKTOP)).granted
        self.assertEqual((granted.version, granted.server_name), (1, "here"))
        self.assertEqual((granted.window_requests, granted.dns_per_request_max), (1024, 256))
        self.assertNotEqual(granted.client_id, 0)

    async def test_a_sign_on_that_is_refused_names_the_field(self) -> None:
        await self.broker()
        identity = Identity(DESKTOP, application_name="")
        with self.assertRaises(Refused) as caught:
            await Connection.open(self.at.host, self.at.port, identity, PATIENT)
        self.assertEqual(caught.exception.code, 53)
        self.assertIn("application_name", str(caught.exception))

    async def test_the_same_program_takes_over_from_its_older_connection(self) -> None:
        await self.broker()
        identity = Identity(DESKTOP)
        old = await Connection.open(self.at.host, self.at.port, identity, PATIENT)
        async with await Connection.open(self.at.host, self.at.port, identity, PATIENT):
            with self.assertRaises(LinkLost) as caught:
                await old.next_event(timeout_s=PATIENCE_S)
        self.assertEqual(caught.exception.reason, v1.DISCONNECT_REASON_TAKEN_OVER)
        await old.sign_off()

    async def test_a_broker_that_drains_says_so(self) -> None:
        broker = await self.broker()
        desktop = await self.connection(DESKTOP, "7001")
        self.assertEqual(await broker.stop(), 0, broker.out)
        with self.assertRaises(LinkLost) as caught:
            await desktop.next_event(timeout_s=PATIENCE_S)
        self.assertEqual(caught.exception.reason, v1.DISCONNECT_REASON_DRAINING)

    async def test_a_broker_that_stands_still_is_noticed(self) -> None:
        broker = await self.broker()
        identity = Identity(DESKTOP, heartbeat_interval_ms=1000)
        connection = await Connection.open(broker.host, broker.port, identity, PATIENT)
        broker.signal(signal.SIGSTOP)
        try:
            with self.assertRaisesRegex(LinkLost, "nothing was heard for"):
                await connection.next_event(timeout_s=PATIENCE_S)
        finally:
            broker.signal(signal.SIGCONT)

    async def test_a_loop_over_events_ends_with_the_sign_off(self) -> None:
        await self.broker()
        connection = await self.connection(DESKTOP, "7001")
        await connection.sign_off()
        self.assertEqual([event async for event in connection], [])


class Registrations(DaemonTest):
    async def test_a_registration_brings_the_present_state_of_each_dn(self) -> None:
        await self.broker()
        await self.connection(RECORDER, "7001")
        desktop = await self.connection(DESKTOP)
        snapshots = await desktop.register(["7001", "7002", "7001"])
        recorders = {dn: snapshot.recorders_active for dn, snapshot in snapshots.items()}
        self.assertEqual(recorders, {"7001": 1, "7002": 0})

    async def test_any_number_of_dns_are_registered_in_parts(self) -> None:
        await self.broker("--limits.dns_per_request_max=100")
        recorder = await self.connection(RECORDER)
        dns = [f"agent-{number}" for number in range(250)]
        self.assertEqual(set(await recorder.register(dns)), set(dns))
        await recorder.unregister(dns)

    async def test_dns_that_are_not_there_are_told_and_the_others_registered(self) -> None:
        await self.broker("--dns.list=7001,7002")
        desktop = await self.connection(DESKTOP)
        with self.assertRaisesRegex(NotAllGranted, "'7003': 59") as caught:
            await desktop.register(["7001", "7003", "7002"])
        self.assertEqual(caught.exception.code, 59)
        self.assertEqual(list(caught.exception.refused), ["7003"])
        self.assertEqual(sorted(caught.exception.granted), ["7001", "7002"])
        await desktop.query_address("7002")

    async def test_a_dn_that_is_named_twice_in_one_request_has_two_answers(self) -> None:
        await self.broker()
        desktop = await self.connection(DESKTOP)
        frame = v1.Frame(
            request_register_address=v1.RequestRegisterAddress(this_dn=["7001", "7001"])
        )
        answers = await desktop._ask(frame, "event_registered", 2, None)
        self.assertEqual(len(answers), 2, answers)

    async def test_a_dn_that_is_private_is_refused(self) -> None:
        await self.broker()
        first, second = await self.connection(DESKTOP), await self.connection(DESKTOP)
        await first.register(["7001"], mode=v1.REGISTRATION_MODE_PRIVATE)
        with self.assertRaises(NotAllGranted) as caught:
            await second.register(["7001"])
        self.assertEqual(caught.exception.code, 42)

    async def test_a_registration_stays_as_it_was_if_its_change_is_refused(self) -> None:
        await self.broker()
        one, _ = await self.connection(DESKTOP, "7001"), await self.connection(DESKTOP, "7001")
        with self.assertRaises(NotAllGranted):
            await one.register(["7001"], mode=v1.REGISTRATION_MODE_PRIVATE)
        await one.send(plain("7001"))

    async def test_what_is_unregistered_is_not_heard_any_more(self) -> None:
        await self.broker()
        one = await self.connection(DESKTOP, "1", "2")
        other = await self.connection(DESKTOP, "1", "2")
        await one.unregister(["1"])
        with self.assertRaises(NotAllGranted) as caught:
            await one.unregister(["1", "2"])
        self.assertEqual((caught.exception.code, caught.exception.granted), (41, ["2"]))
        await one.register(["2"])
        await other.send(plain("1"))
        await other.send(plain("2"))
        self.assertEqual((await self.user_event(one)).event.this_dn, "2")


class Events(DaemonTest):
    async def test_user_data_arrives_as_it_was_sent(self) -> None:
        await self.broker()
        one, other = await self.connection(DESKTOP, "7001"), await self.connection(DESKTOP, "7001")
        pairs: list[tuple[str, Value]] = [
            ("number", -5),
            ("text", "Grüße"),
            ("text", ""),
            ("bytes", b"\x00\xff"),
            ("list", [("inner", 0), ("deeper", [("x", "y")])]),
        ]
        request = plain("7001", *pairs)
        request.event.user_event = -3
        request.event.connection_id = 0xD1
        ack = await one.send(request)
        heard = await self.user_event(other)
        self.assertEqual(values_of(heard.event.user_data), pairs)
        self.assertEqual(heard.event.SerializeToString(), request.event.SerializeToString())
        self.assertEqual((ack.user_event, ack.dn_sequence), (-3, heard.dn_sequence))
        self.assertEqual(heard.origin_client_id, one.granted.client_id)

    async def test_the_largest_request_arrives_in_a_larger_frame(self) -> None:
        await self.broker()
        one, other = await self.connection(DESKTOP, "7"), await self.connection(DESKTOP, "7")
        request = plain("7")
        request.command_id = bytes(16)
        empty = v1.Frame(reference_id=2**32 - 1, request_send_event=request)
        # An unknown field: number 100, bytes. It passes as it is.
        room = one.granted.frame_bytes_max - empty.ByteSize() - 9
        unknown = b"\xa2\x06" + varint(room) + bytes(room)
        request.event.ParseFromString(request.event.SerializeToString() + unknown)
        await one.send(request)
        heard = await self.user_event(other)
        self.assertEqual(heard.event.SerializeToString(), request.event.SerializeToString())
        self.assertGreater(heard.ByteSize(), other.granted.frame_bytes_max)

    async def test_echo_comes_after_the_answer(self) -> None:
        await self.broker()
        desktop = await self.connection(DESKTOP, "7001", echo=True)
        ack = await desktop.send(plain("7001"))
        self.assertEqual((await self.user_event(desktop)).dn_sequence, ack.dn_sequence)

    async def test_a_mask_leaves_out_what_is_not_wanted(self) -> None:
        await self.broker()
        one, other = await self.connection(DESKTOP, "7001"), await self.connection(DESKTOP, "7001")
        await other.set_input_mask([v1.EVENT_KIND_COMMAND])
        await one.send(plain("7001"))
        await one.send(capture_request("7001", Verb.PAUSE))
        self.assertIs(screen_capture((await self.user_event(other)).event), Verb.PAUSE)

    async def test_refusals_carry_their_code_and_field(self) -> None:
        await self.broker()
        desktop = await self.connection(DESKTOP, "7001")
        cases = [
            (41, plain("7002")),
            (53, plain("7001", ("screen-capture", "strat"))),
            (165, capture_request("7001", CaptureState.PAUSED)),
            (118, capture_request("7001", Verb.QUERY)),
        ]
        for code, request in cases:
            with self.assertRaises(Refused) as caught:
                await desktop.send(request)
            self.assertEqual(caught.exception.code, code)
        with self.assertRaisesRegex(Refused, r"53: .*user_data.screen-capture: .*start, stop"):
            await desktop.send(cases[1][1])

    async def test_thousands_of_requests_keep_to_the_window_and_their_order(self) -> None:
        await self.broker("--limits.requests_outstanding_max=50")
        desktop = await self.connection(DESKTOP, "7001")
        sent: list[asyncio.Task[v1.EventACK]] = []
        while len(sent) < 3000:
            for _ in range(desktop.granted.window_requests - desktop.outstanding):
                sent.append(asyncio.create_task(desktop.send(plain("7001"))))
            await asyncio.sleep(0)  # these go out in one turn
            if len(sent) == 50:  # the first, before any answer was read
                with self.assertRaises(WindowFull):
                    await desktop.send(plain("7001"))
            await desktop.wait_for_room()
        sequences = [ack.dn_sequence for ack in await asyncio.gather(*sent)]
        self.assertEqual(sequences, sorted(set(sequences)))


class Capture(DaemonTest):
    async def test_the_light_follows_the_recorder_and_not_the_command(self) -> None:
        await self.broker()
        recorder, desktop = await self.recorder("7001"), await self.desktop("7001")
        other = await self.desktop("7001")
        self.assertIs(desktop.light, Light.UNKNOWN)
        ack = await desktop.pause(connection_id=0xD1)
        self.assertEqual(ack.recorders_queued, 1)
        command = await next_command(recorder)
        self.assertEqual((command.verb, command.connection_id), (Verb.PAUSE, 0xD1))
        self.assertEqual(command.version, ack.version)
        self.assertIs(desktop.light, Light.UNKNOWN)
        await recorder.indicate(command, CaptureState.PAUSED)
        await desktop.wait_for_light(Light.PAUSED)
        await other.wait_for_light(Light.PAUSED)

    async def test_an_indication_echoes_version_and_command_id(self) -> None:
        await self.broker()
        recorder = await self.recorder("7001")
        monitor, desktop = await self.connection(DESKTOP, "7001"), await self.desktop("7001")
        ack = await desktop.start(connection_id=1)
        await recorder.indicate(await next_command(recorder), CaptureState.ENABLED)
        command, indication = await self.user_event(monitor), await self.user_event(monitor)
        self.assertEqual((command.version, indication.version), (ack.version, ack.version))
        self.assertEqual(len(command.command_id), 16)
        self.assertEqual(indication.command_id, command.command_id)
        self.assertEqual(indication.event.connection_id, 1)

    async def test_a_query_is_answered_by_the_recorder_and_changes_nothing(self) -> None:
        await self.broker()
        recorder, desktop = await self.recorder("7001"), await self.desktop("7001")
        await recorder.indicate("7001", CaptureState.ENABLED)
        asked = asyncio.create_task(desktop.query())
        command = await next_command(recorder)
        self.assertEqual((command.verb, command.version), (Verb.QUERY, 0))
        # An indication to everybody is no answer to this desktop.
        await recorder.indicate("7001", CaptureState.PAUSED)
        await desktop.wait_for_light(Light.PAUSED)
        self.assertFalse(asked.done())
        await recorder.indicate(command, CaptureState.DISABLED)
        self.assertIs(await asked, CaptureState.DISABLED)

    async def test_a_query_without_a_recorder_tells_the_last_known_state(self) -> None:
        await self.broker()
        desktop = await self.desktop("7001")
        with self.assertRaises(Refused) as caught:
            await desktop.query()
        self.assertEqual(caught.exception.code, 118)
        self.assertTrue(caught.exception.error.HasField("last_known_state"))

    async def test_a_command_is_confirmed_by_the_recorder_or_told_as_timed_out(self) -> None:
        await self.broker()
        desktop, recorder = await self.desktop("7001"), await self.recorder("7001")
        ack = await desktop.pause()
        await recorder.indicate(await next_command(recorder), CaptureState.PAUSED)
        outcome = await desktop.outcome(ack)
        self.assertEqual(outcome.outcome, v1.OUTCOME_CONFIRMED)
        self.assertEqual(outcome.version, ack.version)
        outcome = await desktop.outcome(await desktop.stop())  # which nobody does
        self.assertEqual((outcome.outcome, outcome.error_code), (v1.OUTCOME_TIMED_OUT, 57))

    async def test_a_resume_never_undoes_a_later_pause(self) -> None:
        await self.broker()
        await self.recorder("7001")
        one, other = await self.desktop("7001"), await self.desktop("7001")
        seen = await one.pause()
        await other.pause()
        with self.assertRaises(Refused) as caught:
            await one.resume(if_version=seen.version)
        self.assertEqual((caught.exception.code, caught.exception.error.version), (185, 2))
        await one.resume(if_version=2)

    async def test_a_recorder_that_comes_back_hears_the_pause_it_missed(self) -> None:
        await self.broker()
        first, desktop = await self.recorder("7001"), await self.desktop("7001")
        await desktop.start()
        await first.indicate(await next_command(first), CaptureState.ENABLED)
        await desktop.wait_for_light(Light.RECORDING)
        await first.close()
        await desktop.wait_for_light(Light.UNKNOWN)  # the last recorder is gone
        self.assertEqual((await desktop.pause()).recorders_queued, 0)
        second = await self.recorder("7001")
        missed = await next_command(second)
        found = missed.verb, missed.version, missed.origin_client_id
        self.assertEqual(found, (Verb.PAUSE, 2, 0))
        await second.indicate(missed, CaptureState.PAUSED)
        await desktop.wait_for_light(Light.PAUSED)

    async def test_a_recorder_that_dies_turns_the_light_unknown(self) -> None:
        broker = await self.broker()
        desktop = await self.desktop("7001")
        async with python(SOURCE / "examples/python/recorder.py", broker, "7001") as recorder:
            await recorder.says("ready")
            await desktop.start()
            await desktop.wait_for_light(Light.RECORDING)
            recorder.signal(signal.SIGKILL)
            await desktop.wait_for_light(Light.UNKNOWN)

    async def test_a_standby_recorder_hears_all_and_does_not_count(self) -> None:
        await self.broker()
        standby = Recorder.connect(
            self.at.host, self.at.port, ["7001"], standby=True, limits=PATIENT
        )
        async with await standby as recorder:
            desktop = await self.desktop("7001")
            self.assertEqual((await desktop.pause()).recorders_queued, 0)
            self.assertIs((await next_command(recorder)).verb, Verb.PAUSE)


def varint(number: int) -> bytes:
    """With three bytes, which is enough here."""
    return bytes([number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14])


if __name__ == "__main__":
    unittest.main()
