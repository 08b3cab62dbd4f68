"""Credentials: asked of the program for each link, and renewed on one that stands."""
from __future__ import annotations

import asyncio
import unittest
import unittest.mock
from typing import Any

from fake_broker import FakeBroker, FakeLink
from harness import AsyncTest
from ringdown import Connection, DisconnectReason, Identity, LinkLost, Refused, SteadyDesktop, v1
from ringdown._renewal import AHEAD_MAX_S, RenewalPlan
from steady_case import AT_ONCE, PATIENT, Links, SteadyTest, refuse, say_last

NOON_US = 1_700_000_000_000_000


class Tokens:
    """Numbers them as they are asked for."""

    def __init__(self, none_first: bool = False) -> None:
        self.asked = 0
        self._none_first = none_first

    async def __call__(self) -> bytes:
        self.asked += 1
        if self._none_first and self.asked == 1:
            raise FileNotFoundError("the token's file")
        return f"token {self.asked}".encode()


def renewed(link: FakeLink, request: v1.Frame, expire_time_us: int) -> None:
    ack = v1.EventACK(credentials_expire_time_us=expire_time_us)
    link.say(v1.Frame(reference_id=request.reference_id, event_ack=ack))


def registered(link: FakeLink, request: v1.Frame) -> None:
    answer = v1.EventRegistered(this_dn="7001")
    link.say(v1.Frame(reference_id=request.reference_id, event_registered=answer))


def desktop_with(tokens: Tokens, server: FakeBroker, links: Links | None = None) -> SteadyDesktop:
    return SteadyDesktop(
        [(server.host, server.port)],
        "7001",
        identity=Identity(v1.ROLE_DESKTOP, credentials=tokens),
        reconnect=AT_ONCE,
        limits=PATIENT,
        on_link=links,
    )


class PlanTest(unittest.TestCase):
    def plan(self, life_s: float) -> RenewalPlan:
        return RenewalPlan(100.0, NOON_US, NOON_US + round(life_s * 1e6))

    def test_renews_at_four_fifths_and_ten_seconds_before(self) -> None:
        for life_s, due_s in ((100, 80), (30, 20), (11, 1), (3, 0), (-5, 0)):
            with self.subTest(life_s):
                self.assertEqual(self.plan(life_s).next, 100 + due_s)

    def test_without_an_end_there_is_nothing_to_do(self) -> None:
        self.assertIsNone(RenewalPlan(100.0, NOON_US, 0).next)

    def test_plans_anew_and_makes_no_storm(self) -> None:
        plan = self.plan(100)
        plan.renewed(180, NOON_US + 1_080_000_000)
        self.assertAlmostEqual(plan.next or 0, 980)
        plan.renewed(980, NOON_US + 881_000_000)  # one second is left
        self.assertEqual(plan.next, 985)
        plan.renewed(985, 0)
        self.assertIsNone(plan.next)

    def test_two_refusals_are_enough(self) -> None:
        plan = self.plan(100)
        plan.refused(180)
        self.assertEqual(plan.next, 190)
        plan.not_sent(190)
        self.assertEqual(plan.next, 195)
        plan.refused(195)
        self.assertIsNone(plan.next)

    def test_what_was_not_looked_at_is_no_refusal(self) -> None:
        plan = self.plan(100)
        plan.refused(80 + 100)
        at = 190.0
        for asked_s, wait_s in ((None, 5), (1.0, 5), (7.5, 7.5), (4e6, 60)):
            plan.not_looked_at(at, asked_s)
            self.assertEqual(plan.next, at + wait_s)
            at += wait_s
        plan.refused(at)
        self.assertIsNone(plan.next)

    def test_a_life_without_end_is_no_time_that_overflows(self) -> None:
        self.assertEqual(self.plan(1e11).next, 100 + 0.8 * AHEAD_MAX_S)


class CredentialsTest(SteadyTest):
    async def test_each_link_asks_anew(self) -> None:
        heard = []

        async def expired(link: FakeLink) -> None:
            heard.append((await link.grant()).request_sign_on.credentials)
            say_last(link, v1.DISCONNECT_REASON_CREDENTIALS_EXPIRED)
            await link.hear_the_end()

        async def stands(link: FakeLink) -> None:
            heard.append((await link.grant()).request_sign_on.credentials)
            await link.register()
            await link.sign_off()

        links = Links()

        async def see(server: FakeBroker) -> None:
            async with desktop_with(Tokens(), server, links) as desktop:
                await desktop.wait_until_registered()

        await self.serve(see, expired, stands)
        self.assertEqual(heard, [b"token 1", b"token 2"])
        error = links.changes[0].error
        assert isinstance(error, LinkLost)
        self.assertEqual(error.reason, DisconnectReason.CREDENTIALS_EXPIRED)

    async def test_access_that_has_changed_is_given_up_with_the_refusal_that_follows(self) -> None:
        async def sent_away(link: FakeLink) -> None:
            await link.grant()
            say_last(link, v1.DISCONNECT_REASON_ACCESS_CHANGED)
            await link.hear_the_end()

        async def refused(link: FakeLink) -> None:
            refuse(link, await link.hear(), 119, v1.RETRY_CLASS_FAILED)
            await link.hear_the_end()

        async def see(server: FakeBroker) -> None:
            async with SteadyDesktop(
                [(server.host, server.port)], "7001", reconnect=AT_ONCE, limits=PATIENT
            ) as desktop:
                with self.assertRaises(Refused) as caught:
                    await desktop.wait_until_registered()
                self.assertEqual(caught.exception.code, 119)

        await self.serve(see, sent_away, refused)

    async def test_a_link_that_stands_renews_them(self) -> None:
        heard: list[bytes] = []
        done = asyncio.Event()

        async def stands(link: FakeLink) -> None:
            await link.grant(time_us=NOON_US, credentials_expire_time_us=NOON_US + 1)
            for end in (0, 1):
                request = await link.hear_request()
                if request.HasField("request_renew_credentials"):
                    heard.append(request.request_renew_credentials.credentials)
                    renewed(link, request, 0)
                else:
                    registered(link, request)
            done.set()
            await link.sign_off()

        async def see(server: FakeBroker) -> None:
            async with desktop_with(Tokens(), server) as desktop:
                await desktop.wait_until_registered()
                await done.wait()

        await self.serve(see, stands)
        self.assertEqual(heard, [b"token 2"])

    async def test_a_broker_without_time_for_it_is_asked_again(self) -> None:
        done = asyncio.Event()

        async def stands(link: FakeLink) -> None:
            await link.grant(time_us=NOON_US, credentials_expire_time_us=NOON_US + 1)
            codes = [1186, 52, 58]
            while not done.is_set():
                request = await link.hear_request()
                if not request.HasField("request_renew_credentials"):
                    registered(link, request)
                elif codes:
                    refuse(link, request, codes.pop(0), v1.RETRY_CLASS_OVERLOADED)
                else:
                    renewed(link, request, 0)
                    done.set()
            await link.sign_off()

        async def see(server: FakeBroker) -> None:
            async with desktop_with(Tokens(), server):
                await done.wait()

        with unittest.mock.patch("ringdown._renewal.RETRY_S", 0.0):
            await self.serve(see, stands)

    async def test_a_program_that_has_none_now_is_asked_again(self) -> None:
        links = Links()
        tokens = Tokens(none_first=True)

        async def stands(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            await link.sign_off()

        async def see(server: FakeBroker) -> None:
            async with desktop_with(tokens, server, links) as desktop:
                await desktop.wait_until_registered()

        await self.serve(see, stands)
        self.assertEqual(links.stood, [False, True])
        self.assertRegex(str(links.changes[0].error), "no credentials now: the token's file")


class ConnectionTest(AsyncTest):
    async def test_a_program_renews_on_its_connection_itself(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            renewed(link, await link.hear_request(), 77)
            refuse(link, await link.hear_request(), 119, v1.RETRY_CLASS_FAILED)
            await link.sign_off()

        async with FakeBroker(behave) as server:
            identity = Identity(v1.ROLE_DESKTOP, credentials=lambda: b"first")
            opening = Connection.open(server.host, server.port, identity, PATIENT)
            async with await opening as connection:
                ack = await connection.renew_credentials(b"second")
                self.assertEqual(ack.credentials_expire_time_us, 77)
                with self.assertRaises(Refused):
                    await connection.renew_credentials(b"third")
                self.assertTrue(connection.is_open)

    async def test_what_are_no_credentials_is_the_programs_mistake(self) -> None:
        wrong: Any
        for wrong, kind in ((8193 * b"x", ValueError), ("text", TypeError)):
            with self.assertRaisesRegex(kind, "credentials"):
                await Identity(v1.ROLE_DESKTOP, credentials=wrong).current_credentials()

    def test_a_secret_is_not_shown(self) -> None:
        self.assertNotIn("secret", repr(Identity(v1.ROLE_DESKTOP, credentials=b"secret")))


if __name__ == "__main__":
    unittest.main()
