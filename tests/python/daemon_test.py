"""The Python client against the real daemon: links, registrations, events."""
from __future__ import annotations

import asyncio
import signal
import unittest

from daemon_case import DESKTOP, PATIENT, RECORDER, DaemonTest, plain
from harness import PATIENCE_S
from ringdown import (
    CaptureState,
    Connection,
    DisconnectReason,
    Identity,
    LinkLost,
    NotAllGranted,
    Refused,
    Value,
    Verb,
    WindowFull,
    capture_request,
    screen_capture,
    v1,
    values_of,
)


class Links(DaemonTest):
    async def test_sign_on_tells_who_is_there_and_what_is_granted(self) -> None:
        await self.broker("--server.name=here")
        granted = (await self.connection(DESKTOP)).granted
        self.assertEqual((granted.version, granted.server_name), (1, "here"))
        self.assertEqual((granted.window_requests, granted.dns_per_request_max), (1024, 512))
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
        self.assertEqual(caught.exception.reason, DisconnectReason.TAKEN_OVER)
        await old.sign_off()

    async def test_a_broker_that_drains_says_so(self) -> None:
        broker = await self.broker()
        desktop = await self.connection(DESKTOP, "7001")
        self.assertEqual(await broker.stop(), 0, broker.out)
        with self.assertRaises(LinkLost) as caught:
            await desktop.next_event(timeout_s=PATIENCE_S)
        self.assertEqual(caught.exception.reason, DisconnectReason.DRAINING)

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


def varint(number: int) -> bytes:
    """With three bytes, which is enough here."""
    return bytes([number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14])


if __name__ == "__main__":
    unittest.main()
