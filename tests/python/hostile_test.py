"""Servers that are no broker, or a bad one: the client ends with an error, and never hangs."""
from __future__ import annotations

import asyncio
import random
import unittest
from typing import Sequence

from fake_broker import Behaviour, FakeBroker, FakeLink, user_event
from harness import PATIENCE_S, AsyncTest
from ringdown import (
    Connection,
    DisconnectReason,
    Identity,
    Limits,
    LinkLost,
    NoAnswer,
    ProtocolError,
    Refused,
    Verb,
    WindowFull,
    v1,
)
from ringdown.capture import capture_request
from ringdown.framing import delimited

SEED = 20261122
SOON = Limits(open_timeout_s=0.1, request_timeout_s=0.1)
"""Where the deadline itself is what is tested."""
PATIENT = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)


def desktop_identity() -> Identity:
    return Identity(v1.ROLE_DESKTOP)


async def opened(server: FakeBroker, limits: Limits = PATIENT) -> Connection:
    return await Connection.open(server.host, server.port, desktop_identity(), limits)


def saying(data: bytes) -> Behaviour:
    """Says these bytes, whatever it hears."""

    async def behave(link: FakeLink) -> None:
        link.say_bytes(data)
        await link.hear_the_end()

    return behave


class SignOn(AsyncTest):
    async def refused(self, behave: Behaviour, error: type[Exception], text: str) -> None:
        async with FakeBroker(behave) as server:
            with self.assertRaisesRegex(error, text):
                await opened(server)

    async def test_nobody_listens(self) -> None:
        async with FakeBroker(saying(b"")) as server:
            pass
        with self.assertRaisesRegex(LinkLost, "cannot connect"):
            await opened(server)

    async def test_silence_ends_at_the_deadline(self) -> None:
        async with FakeBroker(saying(b"")) as server:
            with self.assertRaisesRegex(LinkLost, "no sign-on .* within 0.1 s"):
                await opened(server, SOON)

    async def test_another_protocol_is_told(self) -> None:
        await self.refused(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9), ProtocolError, "frame")
        await self.refused(saying(b"SSH-2.0-OpenSSH_9.2p1\r\n" * 9), ProtocolError, "frame|reply")
        await self.refused(saying(b"\x16\x03\x01" + bytes(40)), ProtocolError, "frame")

    async def test_a_frame_that_is_too_long_before_sign_on(self) -> None:
        await self.refused(saying(delimited(bytes(16_385))), ProtocolError, "16385 bytes")
        await self.refused(saying(b"\xff\xff\xff\xff\x0f"), ProtocolError, "4294967295 bytes")

    async def test_a_frame_that_is_no_protobuf(self) -> None:
        await self.refused(saying(delimited(b"\x0b\xff\xff")), ProtocolError, "no Protobuf")

    async def test_a_string_that_is_not_utf_8(self) -> None:
        named = delimited(b"\x08\x01\xe2\x03\x04\x12\x02\xff\xfe")  # server_name
        await self.refused(saying(named), ProtocolError, "no Protobuf")

    async def test_lists_in_lists_without_end(self) -> None:
        data = b""
        for _ in range(900):
            data = delimited(data)
            pair = b"\x2a" + data
            data = b"\x0a" + delimited(pair)
        event = b"\x22" + delimited(data)
        frame = b"\xf2\x06" + delimited(b"\x7a" + delimited(event))
        await self.refused(saying(delimited(frame[:4096])), ProtocolError, "")

    async def test_the_end_before_the_answer(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.hear()

        await self.refused(behave, LinkLost, "closed|broke")

    async def test_a_refusal_and_its_field(self) -> None:
        async def behave(link: FakeLink) -> None:
            request = await link.hear()
            error = v1.EventError(
                error_code=53, text="No\x1b[2J.", attribute="role", accepted="a role"
            )
            link.say(v1.Frame(reference_id=request.reference_id, event_error=error))
            await link.hear_the_end()

        await self.refused(behave, Refused, r"53: No\\x1b\[2J\. \(role: a role\)")

    async def test_a_broker_that_is_full_says_when_to_come_again(self) -> None:
        async def behave(link: FakeLink) -> None:
            goodbye = v1.EventLinkDisconnected(
                reason=v1.DISCONNECT_REASON_OVERLOADED, retry_after_ms=1500
            )
            link.say(v1.Frame(event_link_disconnected=goodbye))
            await link.hear_the_end()

        async with FakeBroker(behave) as server:
            with self.assertRaises(LinkLost) as caught:
                await opened(server)
        self.assertEqual(caught.exception.reason, DisconnectReason.OVERLOADED)
        self.assertEqual(caught.exception.retry_after_s, 1.5)

    async def test_a_grant_that_makes_no_sense(self) -> None:
        bad = {
            "version": 2,
            "window_requests": 0,
            "window_bytes": 0,
            "frame_bytes_max": 0,
            "heartbeat_interval_ms": 0,
            "heartbeat_timeout_ms": 60_000,
        }
        for name, value in bad.items():
            with self.subTest(name):

                async def behave(link: FakeLink) -> None:
                    await link.grant(**{name: value})
                    await link.hear_the_end()

                await self.refused(behave, ProtocolError, name)

    async def test_garbage_always_ends_in_an_error(self) -> None:
        chance = random.Random(SEED)
        for _ in range(100):
            data = chance.randbytes(chance.randrange(1, 200))
            async with FakeBroker(saying(data)) as server:
                with self.assertRaises(LinkLost):
                    await opened(server, SOON)


class Established(AsyncTest):
    async def test_silence_in_answer_is_an_unknown_outcome(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.hear_request()  # no answer to this one
            await link.sign_off()

        async with FakeBroker(behave) as server, await opened(server) as connection:
            with self.assertRaisesRegex(NoAnswer, "event_ack within 0.05 s"):
                await connection.send(capture_request("7001", Verb.PAUSE), timeout_s=0.05)
            self.assertEqual(connection.outstanding, 1)  # it may still be answered

    async def test_a_silent_peer_is_dead_after_the_heartbeat_timeout(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant(heartbeat_interval_ms=20, heartbeat_timeout_ms=50)
            await link.hear_the_end()

        async with FakeBroker(behave) as server, await opened(server) as connection:
            with self.assertRaisesRegex(LinkLost, "nothing was heard for 0.05 s"):
                await connection.next_event(timeout_s=PATIENCE_S)
            self.assertFalse(connection.is_open)
            with self.assertRaises(LinkLost) as caught:
                await connection.query_address("7001")
            self.assertFalse(caught.exception.sent)

    async def test_a_quiet_client_sends_heartbeats(self) -> None:
        heard: list[str | None] = []

        async def behave(link: FakeLink) -> None:
            await link.grant(heartbeat_interval_ms=20)
            for _ in range(3):
                heard.append((await link.hear()).WhichOneof("body"))
            link.say(user_event("7001", 1))
            await link.sign_off()

        async with FakeBroker(behave) as server, await opened(server) as connection:
            await connection.next_event(timeout_s=PATIENCE_S)
        self.assertEqual(heard, ["heartbeat"] * 3)

    async def test_a_request_on_its_way_hears_that_the_link_is_lost(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.hear_request()

        async with FakeBroker(behave) as server, await opened(server) as connection:
            with self.assertRaises(LinkLost) as caught:
                await connection.query_address("7001")
            self.assertTrue(caught.exception.sent)

    async def test_bad_bytes_in_mid_stream_end_the_link_for_all_who_wait(self) -> None:
        for bad in (
            delimited(bytes(65_536 + 257)),
            b"\xff" * 6,
            delimited(b"\x0b\xff"),
            delimited(b"\xc2\x0c\x00\x0c\x08\x01"),  # a heartbeat, the end of a group, and more
            delimited(v1.Frame(reference_id=2, event_ack=v1.EventACK()).SerializeToString()),
        ):

            async def behave(link: FakeLink) -> None:
                await link.grant()
                assert (await link.hear_request()).reference_id == 2
                link.say(user_event("7001", 1))
                link.say_bytes(bad)
                await link.hear_the_end()

            async with FakeBroker(behave) as server, await opened(server) as connection:
                with self.assertRaises(ProtocolError):
                    await connection.query_address("7001")
                event = await connection.next_event(timeout_s=PATIENCE_S)  # came whole before it
                assert isinstance(event, v1.EventUserEvent)
                self.assertEqual(event.dn_sequence, 1)
                with self.assertRaises(ProtocolError):
                    await connection.next_event(timeout_s=PATIENCE_S)

    async def test_what_is_unknown_or_was_not_asked_for_is_ignored(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            link.say(v1.Frame())
            link.say_bytes(delimited(b"\xd2\x0f\x02\x08\x01"))  # body number 250
            link.say(v1.Frame(reference_id=99, event_ack=v1.EventACK()))
            link.say(v1.Frame(request_sign_off=v1.RequestSignOff()))
            link.say(user_event("7001", 5))
            await link.sign_off()

        async with FakeBroker(behave) as server, await opened(server) as connection:
            event = await connection.next_event(timeout_s=PATIENCE_S)
            assert isinstance(event, v1.EventUserEvent)
            self.assertEqual(event.dn_sequence, 5)

    async def test_sign_off_ends_at_its_deadline_without_an_answer(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.hear_the_end()

        async with FakeBroker(behave) as server:
            connection = await opened(server)
            await connection.sign_off(timeout_s=0.05)
            self.assertFalse(connection.is_open)
            await connection.sign_off()  # does nothing

    async def test_a_peer_that_reads_nothing_cannot_keep_us(self) -> None:
        hold = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant(window_requests=1000, window_bytes=10_000_000)
            await hold.wait()

        async with FakeBroker(behave) as server:
            connection = await opened(server)
            request = capture_request("7001", Verb.START)
            request.event.user_data.pairs.add(key="much", binary_value=bytes(60_000))
            with self.assertRaises(WindowFull):
                for _ in range(1000):
                    with self.assertRaises(NoAnswer):
                        await connection.send(request, timeout_s=0)
            await connection.sign_off(timeout_s=0.05)
            hold.set()


class Bounds(AsyncTest):
    async def test_beyond_the_window_only_pause_and_stop_go_out(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            frames = [await link.hear_request() for _ in range(6)]
            for frame in frames:
                link.say(v1.Frame(reference_id=frame.reference_id, event_ack=v1.EventACK()))
            await link.sign_off()

        async with FakeBroker(behave) as server, await opened(server) as connection:
            start = capture_request("7001", Verb.START)
            sent = [asyncio.create_task(connection.send(start)) for _ in range(4)]
            await asyncio.sleep(0)
            with self.assertRaisesRegex(WindowFull, "4 requests .* accepted are 4 "):
                await connection.send(start)
            with self.assertRaises(TimeoutError):
                await connection.wait_for_room(timeout_s=0)
            self.assertEqual(connection.outstanding, 4)
            room = asyncio.create_task(connection.wait_for_room())
            for verb in (Verb.PAUSE, Verb.STOP):
                sent.append(asyncio.create_task(connection.send(capture_request("7001", verb))))
            await asyncio.gather(*sent, room)
            self.assertEqual(connection.outstanding, 0)

    async def test_the_reserve_for_pause_and_stop_is_bounded_too(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.hear_the_end()

        async with FakeBroker(behave) as server:
            connection = await opened(server)
            pause = capture_request("7001", Verb.PAUSE)
            for _ in range(4 + 64):
                with self.assertRaises(NoAnswer):
                    await connection.send(pause, timeout_s=0)
            with self.assertRaisesRegex(WindowFull, "accepted are 68 "):
                await connection.send(pause)
            await connection.sign_off(timeout_s=0)

    async def test_the_bytes_of_requests_are_bounded_too(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant(window_bytes=70_000)
            frame = await link.hear_request()
            link.say(v1.Frame(reference_id=frame.reference_id, event_ack=v1.EventACK()))
            await link.sign_off()

        async with FakeBroker(behave) as server, await opened(server) as connection:
            request = capture_request("7001", Verb.START)
            request.event.user_data.pairs.add(key="much", binary_value=bytes(60_000))
            first = asyncio.create_task(connection.send(request))
            await asyncio.sleep(0)
            with self.assertRaisesRegex(WindowFull, "70000"):
                await connection.send(request)
            await first
            request.event.user_data.pairs.add(key="more", binary_value=bytes(10_000))
            with self.assertRaisesRegex(ValueError, "accepted are at most 65536"):
                await connection.send(request)

    async def test_a_program_that_takes_no_events_is_told_what_it_missed(self) -> None:
        limits = Limits(events_max=10, request_timeout_s=PATIENCE_S)

        async def behave(link: FakeLink) -> None:
            await link.grant()
            for sequence in range(1, 31):
                link.say(user_event("7001", sequence))
            link.say(v1.Frame(event_unregistered=v1.EventUnregistered(this_dn="7002")))
            await link.register()
            await link.hear_request()
            link.say(user_event("7001", 31))
            await link.sign_off()

        async with FakeBroker(behave) as server:
            async with await opened(server, limits) as connection:
                await connection.register(["7003"])  # all that was said before has come
                got = [await connection.next_event(timeout_s=PATIENCE_S) for _ in range(12)]
                with self.assertRaises(NoAnswer):
                    await connection.query_address("7001", timeout_s=0)
                last = await connection.next_event(timeout_s=PATIENCE_S)
        kept = [event.dn_sequence for event in got if isinstance(event, v1.EventUserEvent)]
        self.assertEqual(kept, list(range(1, 11)))
        missed = got[10]
        assert isinstance(missed, v1.EventMissed)
        self.assertEqual((missed.from_sequence, missed.to_sequence), (11, 30))
        self.assertIsInstance(got[11], v1.EventUnregistered)
        assert isinstance(last, v1.EventUserEvent)
        self.assertEqual(last.dn_sequence, 31)

    async def test_events_of_too_many_dns_that_nobody_takes_end_the_link(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            for number in range(100):
                link.say(user_event(str(number), 1))
            await link.hear_the_end()

        async with FakeBroker(behave) as server:
            connection = await opened(server, Limits(events_max=10))
            with self.assertRaisesRegex(LinkLost, "more than 10 DNs"):
                while True:
                    await connection.wait_for_room()
                    await asyncio.sleep(0)

    async def test_no_bytes_of_events_beyond_the_limit_are_kept(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            for sequence in range(1, 11):
                frame = user_event("7001", sequence)
                frame.event_user_event.event.user_data.pairs.add(key="k", string_value="x" * 1000)
                link.say(frame)
            await link.register()
            await link.sign_off()

        async with FakeBroker(behave) as server:
            async with await opened(server, Limits(event_bytes_max=5000)) as connection:
                await connection.register(["7001"])
                got = [await connection.next_event(timeout_s=PATIENCE_S) for _ in range(5)]
        self.assertIsInstance(got[3], v1.EventUserEvent)
        self.assertIsInstance(got[4], v1.EventMissed)


class BadArguments(AsyncTest):
    async def test_a_wrong_argument_is_named(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.sign_off()

        async with FakeBroker(behave) as server, await opened(server) as connection:
            wrong: Sequence[str] = "7001"
            with self.assertRaisesRegex(TypeError, "dns: a list"):
                await connection.register(wrong)
            with self.assertRaisesRegex(ValueError, "dns: at least one"):
                await connection.unregister([])
            self.assertEqual(connection.outstanding, 0)

    async def test_a_sign_on_that_does_not_fit_is_not_sent(self) -> None:
        async with FakeBroker(lambda link: link.hear_the_end()) as server:
            identity = Identity(v1.ROLE_DESKTOP, application_name=16_384 * "a")
            with self.assertRaisesRegex(ValueError, "accepted are at most 16384"):
                await Connection.open(server.host, server.port, identity, PATIENT)


if __name__ == "__main__":
    unittest.main()
