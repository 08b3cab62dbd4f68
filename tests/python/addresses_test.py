"""Requests about many DNs: lists in pages, one command for all, everything watched."""
from __future__ import annotations

import asyncio
import unittest
from typing import Sequence

from fake_broker import Behaviour, FakeBroker, FakeLink, user_event
from harness import PATIENCE_S, AsyncTest
from ringdown import Connection, Identity, Light, Limits, NotAllGranted, ProtocolError, Refused
from ringdown import Verb, WindowFull, v1

PATIENT = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)


async def supervisor(server: FakeBroker, limits: Limits = PATIENT) -> Connection:
    return await Connection.open(server.host, server.port, Identity(v1.ROLE_SUPERVISOR), limits)


def page(*dns: str, next_page: str = "") -> v1.EventAddressList:
    addresses = [v1.AddressSummary(this_dn=dn) for dn in dns]
    return v1.EventAddressList(addresses=addresses, next=next_page)


def listing(*pages: v1.EventAddressList, asked: list[v1.RequestListAddresses]) -> Behaviour:
    """Tells one page after the other, and keeps what it was asked."""

    async def behave(link: FakeLink) -> None:
        await link.grant()
        for one in pages:
            request = await link.hear_request()
            asked.append(request.request_list_addresses)
            link.say(v1.Frame(reference_id=request.reference_id, event_address_list=one))
        await link.hear_the_end()

    return behave


def ack(reference: int, dn: str, sequence: int = 1) -> v1.Frame:
    accepted = v1.EventACK(this_dn=dn, dn_sequence=sequence)
    return v1.Frame(reference_id=reference, event_ack=accepted)


def refusal(reference: int, code: int, dn: str | None) -> v1.Frame:
    error = v1.EventError(error_code=code, this_dn=dn)
    return v1.Frame(reference_id=reference, event_error=error)


class Lists(AsyncTest):
    async def test_a_list_comes_page_by_page_to_its_end(self) -> None:
        asked: list[v1.RequestListAddresses] = []
        pages = [page("1", "2", next_page="3"), page(next_page="5"), page("6")]
        async with FakeBroker(listing(*pages, asked=asked)) as server:
            connection = await supervisor(server)
            found = [
                one.this_dn
                async for one in connection.addresses(light=Light.PAUSED, alarmed=True)
            ]
            await connection.sign_off(timeout_s=0)
        self.assertEqual(found, ["1", "2", "6"])
        self.assertEqual([request.after for request in asked], ["", "3", "5"])
        for request in asked:
            self.assertEqual(request.light, v1.CAPTURE_STATE_PAUSED)
            self.assertEqual((request.limit, request.alarmed), (300, True))
            self.assertFalse(request.recorder_missing)

    async def test_each_light_can_be_asked_for_unknown_too(self) -> None:
        asked: list[v1.RequestListAddresses] = []
        lights = [Light.UNKNOWN, Light.RECORDING, Light.OFF, Light.PAUSED, None]
        async with FakeBroker(listing(*[page()] * 5, asked=asked)) as server:
            connection = await supervisor(server)
            for light in lights:
                await connection.list_addresses(light=light, limit=1, recorder_missing=True)
            await connection.sign_off(timeout_s=0)
        numbers = [one.light if one.HasField("light") else None for one in asked]
        self.assertEqual(numbers, [0, 1, 2, 3, None])
        self.assertTrue(all(one.recorder_missing and one.limit == 1 for one in asked))

    async def test_a_list_that_does_not_get_on_ends_the_link(self) -> None:
        for bad in (page("2", "1"), page("1", "1"), page("1", "3", next_page="2"), page("")):
            async with FakeBroker(listing(bad, asked=[])) as server:
                connection = await supervisor(server)
                with self.assertRaisesRegex(ProtocolError, "EventAddressList"):
                    await connection.list_addresses()
                self.assertFalse(connection.is_open)
        pages = [page("1", next_page="1"), page(next_page="1")]
        async with FakeBroker(listing(*pages, asked=[])) as server:
            connection = await supervisor(server)
            with self.assertRaisesRegex(ProtocolError, "next is '1'"):
                async for _ in connection.addresses():
                    pass


class Commands(AsyncTest):
    async def test_many_dns_are_commanded_in_parts_and_each_answers_for_itself(self) -> None:
        heard: list[v1.RequestCommandAddresses] = []

        async def behave(link: FakeLink) -> None:
            await link.grant(window_requests=3, dns_per_request_max=4)
            for _ in range(2):
                request = await link.hear_request()
                heard.append(request.request_command_addresses)
                for dn in reversed(request.request_command_addresses.this_dn):
                    if dn == "2":
                        link.say(refusal(request.reference_id, 41, dn))
                    else:
                        link.say(ack(request.reference_id, dn, int(dn)))
            await link.sign_off()

        async with FakeBroker(behave) as server, await supervisor(server) as connection:
            with self.assertRaisesRegex(NotAllGranted, "'2': 41") as caught:
                await connection.command_addresses(
                    ["1", "2", "3", "1", "4"],
                    Verb.STOP,
                    reason="fire drill",
                    agent_id="S-1",
                    confirm_timeout_s=0.5,
                )
        refused, acks = caught.exception.refused, caught.exception.acks
        self.assertEqual({dn: one.error_code for dn, one in refused.items()}, {"2": 41})
        sequences = {dn: one.dn_sequence for dn, one in acks.items()}
        self.assertEqual(sequences, {"1": 1, "3": 3, "4": 4})
        self.assertEqual(sorted(caught.exception.granted), ["1", "3", "4"])
        self.assertEqual([list(one.this_dn) for one in heard], [["1", "2", "3"], ["4"]])
        for one in heard:
            self.assertEqual((one.command, one.confirm_timeout_ms), (v1.COMMAND_STOP, 500))
            self.assertEqual((one.reason, one.agent_id), ("fire drill", "S-1"))
            self.assertEqual((one.command_id, one.retry), (heard[0].command_id, False))
        self.assertEqual(len(heard[0].command_id), 16)

    async def test_a_retry_goes_under_the_same_command_id(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            request = await link.hear_request()
            said = request.request_command_addresses
            self.assertEqual((said.command_id, said.retry), (b"i" * 16, True))
            self.assertFalse(said.HasField("confirm_timeout_ms"))
            link.say(ack(request.reference_id, "7001", 5))
            await link.sign_off()

        async with FakeBroker(behave) as server, await supervisor(server) as connection:
            acks = await connection.command_addresses(
                ["7001"], Verb.PAUSE, command_id=b"i" * 16, retry=True
            )
        self.assertEqual(acks["7001"].dn_sequence, 5)

    async def test_an_error_for_all_leaves_those_that_have_answered(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            request = await link.hear_request()
            link.say(ack(request.reference_id, "2"))
            link.say(refusal(request.reference_id, 58, None))
            await link.sign_off()

        async with FakeBroker(behave) as server, await supervisor(server) as connection:
            with self.assertRaises(NotAllGranted) as caught:
                await connection.command_addresses(["1", "2", "3"], Verb.RESUME)
            self.assertEqual(connection.outstanding, 0)
        self.assertEqual(sorted(caught.exception.refused), ["1", "3"])
        self.assertEqual(list(caught.exception.acks), ["2"])

    async def test_a_dn_without_an_answer_is_a_protocol_error(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            request = await link.hear_request()
            for _ in range(2):
                link.say(ack(request.reference_id, "1"))
            await link.hear_the_end()

        async with FakeBroker(behave) as server:
            connection = await supervisor(server)
            with self.assertRaisesRegex(ProtocolError, "no answer for the DN '2'"):
                await connection.command_addresses(["1", "2"], Verb.STOP)

    async def test_the_window_counts_each_answer_and_a_command_waits_for_room(self) -> None:
        go = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            first = await link.hear_request()
            self.assertTrue(first.HasField("request_query_address"))
            many = await link.hear_request()
            for dn in ("1", "2", "3"):
                await go.wait()
                link.say(ack(many.reference_id, dn))
            await link.sign_off()

        async with FakeBroker(behave) as server, await supervisor(server) as connection:
            with self.assertRaises(TimeoutError):
                await connection.query_address("7001", timeout_s=0)  # it stays on its way
            with self.assertRaisesRegex(WindowFull, "no room for 4 answers within 0.05 s"):
                await connection.command_addresses(["1", "2", "3", "4"], Verb.STOP, timeout_s=0.05)
            command = connection.command_addresses(["1", "2", "3"], Verb.STOP)
            stopping = asyncio.create_task(command)
            await asyncio.sleep(0)
            with self.assertRaisesRegex(WindowFull, "4 requests"):
                await connection.query_address("7001")
            go.set()
            await stopping

    async def test_what_cannot_be_commanded_is_named_before_anything_is_sent(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.sign_off()

        async with FakeBroker(behave) as server, await supervisor(server) as connection:
            command = connection.command_addresses
            with self.assertRaisesRegex(ValueError, "verb: .* accepted are PAUSE, STOP and RESUME"):
                await command(["7001"], Verb.START)
            with self.assertRaisesRegex(ValueError, "dns: at least one"):
                await command([], Verb.STOP)
            with self.assertRaisesRegex(ValueError, "dns: an empty DN"):
                await command(["7001", ""], Verb.STOP)
            with self.assertRaisesRegex(ValueError, "reason: 65 bytes"):
                await command(["7001"], Verb.STOP, reason="x" * 65)
            with self.assertRaisesRegex(ValueError, "agent_id: .* without control"):
                await command(["7001"], Verb.STOP, agent_id="\n")
            with self.assertRaisesRegex(ValueError, "command_id: 3 bytes, accepted are 16"):
                await command(["7001"], Verb.STOP, command_id=b"abc")
            with self.assertRaisesRegex(ValueError, "retry: only with the command_id"):
                await command(["7001"], Verb.STOP, retry=True)
            with self.assertRaisesRegex(ValueError, "confirm_timeout_s: 0, accepted are 0.001"):
                await command(["7001"], Verb.STOP, confirm_timeout_s=0)
            for limit in (0, 301):
                with self.assertRaisesRegex(ValueError, f"limit: {limit}, accepted are 1 to 300"):
                    await connection.list_addresses(limit=limit)
            with self.assertRaisesRegex(ValueError, "dn: an empty DN"):
                await connection.query_address("")
            wrong: Sequence[str] = "7001"
            with self.assertRaisesRegex(TypeError, "dns: a list"):
                await command(wrong, Verb.STOP)
            self.assertEqual(connection.outstanding, 0)


class Watching(AsyncTest):
    async def test_one_registration_hears_every_dn(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            request = await link.hear_request()
            asked = request.request_register_address
            self.assertTrue(asked.every_dn and asked.hear_outcomes)
            self.assertEqual((list(asked.this_dn), asked.mode), ([], v1.REGISTRATION_MODE_MONITOR))
            everywhere = v1.EventRegistered(every_dn=True, mode=v1.REGISTRATION_MODE_MONITOR)
            link.say(v1.Frame(reference_id=request.reference_id, event_registered=everywhere))
            for dn in ("7001", "7002"):
                link.say(user_event(dn, 1))
            request = await link.hear_request()
            self.assertTrue(request.request_unregister_address.every_dn)
            ended = v1.EventUnregistered(every_dn=True)
            link.say(v1.Frame(reference_id=request.reference_id, event_unregistered=ended))
            await link.sign_off()

        async with FakeBroker(behave) as server, await supervisor(server) as connection:
            await connection.register_every_dn(hear_outcomes=True)
            for dn in ("7001", "7002"):
                event = await connection.next_event(timeout_s=PATIENCE_S)
                assert isinstance(event, v1.EventUserEvent)
                self.assertEqual(event.event.this_dn, dn)
            await connection.unregister_every_dn()

    async def test_a_role_that_may_not_is_refused(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            for _ in range(2):
                request = await link.hear_request()
                link.say(refusal(request.reference_id, 165, None))
            await link.sign_off()

        async with FakeBroker(behave) as server, await supervisor(server) as connection:
            with self.assertRaises(Refused) as caught:
                await connection.register_every_dn()
            self.assertEqual(caught.exception.code, 165)
            with self.assertRaises(Refused):
                await connection.list_addresses()

    async def test_a_registration_may_ask_for_the_outcomes_of_others(self) -> None:
        async def behave(link: FakeLink) -> None:
            sign_on = await link.grant()
            self.assertIn(v1.CAPABILITY_OUTCOMES, sign_on.request_sign_on.capabilities)
            request = await link.hear_request()
            self.assertTrue(request.request_register_address.hear_outcomes)
            registered = v1.EventRegistered(this_dn="1", snapshot=v1.Snapshot(dn_sequence=9))
            link.say(v1.Frame(reference_id=request.reference_id, event_registered=registered))
            link.say(refusal(request.reference_id, 59, "2"))
            request = await link.hear_request()
            newest = [v1.EventOutcome(this_dn="1", agent_id="A-1")]
            info = v1.EventAddressInfo(this_dn="1", recent_outcomes=newest)
            link.say(v1.Frame(reference_id=request.reference_id, event_address_info=info))
            await link.sign_off()

        async with FakeBroker(behave) as server, await supervisor(server) as connection:
            with self.assertRaises(NotAllGranted) as caught:
                await connection.register(["1", "2"], hear_outcomes=True)
            snapshots = caught.exception.snapshots
            self.assertEqual({dn: one.dn_sequence for dn, one in snapshots.items()}, {"1": 9})
            told = (await connection.address_info("1")).recent_outcomes
            self.assertEqual([one.agent_id for one in told], ["A-1"])


if __name__ == "__main__":
    unittest.main()
