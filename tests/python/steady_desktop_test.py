"""A desktop that comes back: its links, its light, and what becomes of its commands."""
from __future__ import annotations

import asyncio
import unittest
from typing import Awaitable, Callable
from unittest import mock

from desktop_case import ENABLED, PAUSED, snapshot
from fake_broker import FakeBroker, FakeLink
from ringdown import DisconnectReason, Light, Limits, LinkChange, LinkLost, NoAnswer, Outcome
from ringdown import Reconnect, Refused, RingdownError, SteadyDesktop, v1
from steady_case import AT_ONCE, PATIENT, Links, SteadyTest, refuse, say_last, taken_over

Call = Callable[[], Awaitable[object]]


def desktop_at(
    server: FakeBroker,
    *,
    links: Links | None = None,
    reconnect: Reconnect = AT_ONCE,
    limits: Limits = PATIENT,
) -> SteadyDesktop:
    places = [(server.host, server.port)]
    return SteadyDesktop(places, "7001", on_link=links, reconnect=reconnect, limits=limits)


async def recording(link: FakeLink) -> None:
    """A link that ends with the client's sign-off, or the client's own end."""
    await link.grant()
    await link.register(snapshot(3, ENABLED))
    link.looks = snapshot(3, ENABLED)
    await link.sign_off()


class TheLink(SteadyTest):
    async def test_it_comes_back_with_the_same_instance_and_believes_the_new_snapshot(
        self,
    ) -> None:
        links, instances = Links(), []
        go = asyncio.Event()

        async def first(link: FakeLink) -> None:
            instances.append((await link.grant()).request_sign_on.instance_id)
            await link.register(snapshot(9, ENABLED))
            await go.wait()

        async def second(link: FakeLink) -> None:
            instances.append((await link.grant()).request_sign_on.instance_id)
            await link.register(snapshot(3, PAUSED))  # older by its place: it is what is so
            await link.sign_off()

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server, links=links) as desktop:
                self.assertIs(desktop.light, Light.UNKNOWN)
                lights = desktop.lights()
                self.assertIs(await anext(lights), Light.UNKNOWN)
                self.assertIs(await anext(lights), Light.RECORDING)
                go.set()
                self.assertIs(await anext(lights), Light.UNKNOWN)
                self.assertIs(await anext(lights), Light.PAUSED)
                await desktop.wait_until_registered()
                self.assertTrue(desktop.is_registered)
            for over in (lights, desktop.raised_alarms()):
                with self.assertRaises(LinkLost) as caught:
                    async for _ in over:
                        pass
                self.assertIs(caught.exception.reason, DisconnectReason.SIGNED_OFF)

        await self.serve(see, first, second)
        self.assertEqual(instances[0], instances[1])
        self.assertEqual(links.stood, [True, False, True])

    async def test_it_stays_away_after_a_takeover(self) -> None:
        links = Links()

        async def other(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            await taken_over(link)

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server, links=links) as desktop:
                with self.assertRaises(LinkLost):
                    async for light in desktop.lights():
                        last = light
                self.assertIs(last, Light.UNKNOWN)
                calls: list[Call] = [desktop.pause, desktop.query, desktop.wait_until_registered]
                for asked in calls:
                    with self.assertRaises(LinkLost) as caught:
                        await asked()
                    self.assertIs(caught.exception.reason, DisconnectReason.TAKEN_OVER)
                    self.assertFalse(caught.exception.outcome_unknown)

        await self.serve(see, other)  # one connection, and none behind it
        self.assertEqual([one.retry_in_s for one in links.changes], [None, None])

    async def test_it_comes_back_after_a_takeover_where_the_program_wants_that(self) -> None:
        async def other(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            await taken_over(link)

        async def see(server: FakeBroker) -> None:
            reconnect = Reconnect(first_max_s=0.0, when_refused=True)
            links = Links()
            async with desktop_at(server, links=links, reconnect=reconnect) as desktop:
                await desktop.wait_until_registered()
                while links.stood != [True, False, True]:
                    await asyncio.sleep(0)
                await desktop.wait_until_registered()

        await self.serve(see, other, recording)

    async def test_it_stays_away_from_a_sign_on_that_is_refused(self) -> None:
        async def no(link: FakeLink) -> None:
            refuse(link, await link.hear(), 119, v1.RETRY_CLASS_FAILED)
            await link.hear_the_end()

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server) as desktop:
                for _ in range(2):
                    with self.assertRaisesRegex(Refused, "119"):
                        await desktop.wait_until_registered()
                with self.assertRaisesRegex(Refused, "119"):
                    await desktop.pause()

        await self.serve(see, no)

    async def test_it_comes_back_to_a_broker_that_is_busy_or_gone(self) -> None:
        async def busy(link: FakeLink) -> None:
            refuse(link, await link.hear(), 1186, v1.RETRY_CLASS_OVERLOADED)
            await link.hear_the_end()

        async def gone(link: FakeLink) -> None:
            pass

        async def full(link: FakeLink) -> None:
            say_last(link, v1.DISCONNECT_REASON_OVERLOADED, 1)
            await link.hear_the_end()

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server) as desktop:
                await desktop.wait_until_registered()

        await self.serve(see, busy, gone, full, recording)

    async def test_a_sign_off_that_nobody_asked_for_is_a_loss(self) -> None:
        links = Links()

        async def odd(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            say_last(link, v1.DISCONNECT_REASON_SIGNED_OFF)
            await link.hear_the_end()

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server, links=links) as desktop:
                while links.stood != [True, False, True]:  # with its wait between
                    await asyncio.sleep(0.001)
                await desktop.wait_until_registered()

        await self.serve(see, odd, recording)

    async def test_what_the_broker_asks_for_is_waited_and_jitter_behind_it(self) -> None:
        links = Links()

        async def drains(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            say_last(link, v1.DISCONNECT_REASON_DRAINING, 20)
            await link.hear_the_end()

        async def see(server: FakeBroker) -> None:
            reconnect = Reconnect(first_max_s=0.04)
            with mock.patch("ringdown._steady.random.random", lambda: 0.75):
                async with desktop_at(server, links=links, reconnect=reconnect) as desktop:
                    while links.stood != [True, False, True]:
                        await asyncio.sleep(0.001)
                    await desktop.wait_until_registered()

        await self.serve(see, drains, recording)
        wait_s = links.changes[1].retry_in_s
        assert wait_s is not None
        self.assertAlmostEqual(wait_s, 0.02 + 0.75 * 0.04, places=2)

    async def test_places_are_tried_in_turn(self) -> None:
        async def no(link: FakeLink) -> None:
            pass

        links = Links()

        async def see(server: FakeBroker) -> None:
            async with FakeBroker(no) as other:
                places = [(other.host, other.port), (server.host, server.port)]
                async with SteadyDesktop(
                    places, "7001", on_link=links, reconnect=AT_ONCE, limits=PATIENT
                ) as desktop:
                    await desktop.wait_until_registered()
                self.assertEqual([one.place for one in links.changes], places)

        await self.serve(see, recording)

    async def test_the_next_attempt_waits_for_what_is_done_about_the_loss(self) -> None:
        began: list[int] = []
        seen: list[list[int]] = []

        async def first(link: FakeLink) -> None:
            began.append(1)
            await link.grant()
            await link.register(snapshot(3, ENABLED))

        async def second(link: FakeLink) -> None:
            began.append(2)
            await recording(link)

        async def tell(change: LinkChange) -> None:
            if not change.stands:
                await asyncio.sleep(0.05)  # as one that closes files
                seen.append(list(began))

        async def see(server: FakeBroker) -> None:
            places = [(server.host, server.port)]
            async with SteadyDesktop(
                places, "7001", on_link=tell, reconnect=AT_ONCE, limits=PATIENT
            ) as desktop:
                while began != [1, 2]:
                    await asyncio.sleep(0.001)
                await desktop.wait_until_registered()

        await self.serve(see, first, second)
        self.assertEqual(seen, [[1]])

    async def test_what_is_told_of_links_may_raise(self) -> None:
        def tell(change: LinkChange) -> None:
            raise ZeroDivisionError("on air")

        async def see(server: FakeBroker) -> None:
            with self.assertLogs("ringdown") as logged:
                places = [(server.host, server.port)]
                async with SteadyDesktop(
                    places, "7001", on_link=tell, reconnect=AT_ONCE, limits=PATIENT
                ) as desktop:
                    await desktop.wait_until_registered()
            self.assertIn("ZeroDivisionError: on air", logged.output[0])

        await self.serve(see, recording)

    async def test_it_is_closed_while_it_waits_and_while_it_connects(self) -> None:
        at_work = asyncio.Event()

        async def silent(link: FakeLink) -> None:
            at_work.set()
            await link.hear_the_end()

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server):
                await at_work.wait()

        await self.serve(see, silent)
        links = Links()
        long = Reconnect(first_max_s=1e6, delay_max_s=1e6)
        async with SteadyDesktop([("127.0.0.1", 1)], "7001", on_link=links, reconnect=long):
            while not links.changes:
                await asyncio.sleep(0.001)
        with self.assertRaisesRegex(ValueError, "places: at least one"):
            SteadyDesktop([], "7001")


class TheRegistration(SteadyTest):
    async def test_a_refusal_that_may_pass_is_asked_again(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            for code, retry in (
                (1186, v1.RETRY_CLASS_OVERLOADED),
                (52, v1.RETRY_CLASS_UNKNOWN_OUTCOME),
                (217, v1.RETRY_CLASS_FAILED),
            ):
                refuse(link, await link.hear_request(), code, retry)
            await link.register(snapshot(3, ENABLED))
            ended = v1.EventUnregistered(this_dn="7001", error_code=52)
            link.say(v1.Frame(event_unregistered=ended))
            await link.register(snapshot(1, PAUSED, epoch=2))
            await link.sign_off()

        async def see(server: FakeBroker) -> None:
            with mock.patch("ringdown._steady.REGISTER_AGAIN_S", 0.0):
                async with desktop_at(server) as desktop:
                    await desktop.wait_for_light(Light.PAUSED)
                    await desktop.wait_until_registered()

        await self.serve(see, behave)

    async def test_a_refusal_for_good_is_told_and_asked_again_with_the_next_link(self) -> None:
        go, remove, end = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def refuses(link: FakeLink) -> None:
            await link.grant()
            refuse(link, await link.hear_request(), 59, v1.RETRY_CLASS_FAILED)
            await go.wait()

        async def removes(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            await remove.wait()
            ended = v1.EventUnregistered(this_dn="7001", error_code=59, text="removed")
            link.say(v1.Frame(event_unregistered=ended))
            await end.wait()

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server) as desktop:
                with self.assertRaisesRegex(Refused, "59"):
                    await desktop.wait_until_registered()
                with self.assertRaisesRegex(Refused, "59") as caught:
                    await desktop.pause()
                self.assertFalse(caught.exception.outcome_unknown)
                go.set()
                await desktop.wait_for_light(Light.RECORDING)
                remove.set()
                await desktop.wait_for_light(Light.UNKNOWN)
                with self.assertRaisesRegex(Refused, "59: removed"):
                    await desktop.wait_until_registered()
                end.set()
                await desktop.wait_for_light(Light.RECORDING)

        await self.serve(see, refuses, removes, recording)


    async def test_what_is_told_of_a_dn_that_was_refused_ends_nothing(self) -> None:
        async def refuses(link: FakeLink) -> None:
            await link.grant()
            refuse(link, await link.hear_request(), 59, v1.RETRY_CLASS_FAILED)
            released = v1.EventOutcome(this_dn="7001", released_sequence=4)
            link.say(v1.Frame(event_outcome=released))
            await link.sign_off()

        async def see(server: FakeBroker) -> None:
            links = Links()
            async with desktop_at(server, links=links) as desktop:
                while not links.changes:
                    await asyncio.sleep(0)
                for _ in range(5):  # a turn for what came behind it
                    with self.assertRaisesRegex(Refused, "59"):
                        await desktop.wait_until_registered()
                    await asyncio.sleep(0.01)
            self.assertEqual(links.stood, [True])

        await self.serve(see, refuses)


class Commands(SteadyTest):
    async def test_one_without_a_link_is_refused_and_not_queued(self) -> None:
        go, lost = asyncio.Event(), asyncio.Event()

        async def later(link: FakeLink) -> None:
            lost.set()
            await go.wait()
            await recording(link)

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server) as desktop:
                await lost.wait()
                calls: list[Call] = [desktop.pause, desktop.start, desktop.query, desktop.look]
                for asked in calls:
                    with self.assertRaisesRegex(LinkLost, "there is no link now") as caught:
                        await asked()
                    self.assertFalse(caught.exception.outcome_unknown)
                go.set()
                await desktop.wait_until_registered()  # and nothing but a sign-off follows

        await self.serve(see, later)

    async def test_what_had_no_answer_is_sent_again_in_order_before_anything_newer(self) -> None:
        first_ids: list[bytes] = []

        async def loses(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            for _ in range(2):
                said = (await link.hear_request()).request_send_event
                self.assertFalse(said.retry)
                first_ids.append(said.command_id)

        async def knows(link: FakeLink) -> None:
            await link.grant(window_requests=1)  # one by one
            await link.register(snapshot(3, ENABLED))
            link.looks = snapshot(5, PAUSED)
            for sequence, command_id in enumerate(first_ids, 4):
                request = await link.hear_request()
                said = request.request_send_event
                self.assertEqual((said.command_id, said.retry), (command_id, True))
                link.accept(request, sequence)
            request = await link.hear_request()
            self.assertFalse(request.request_send_event.retry)
            link.accept(request, 6)
            await link.sign_off()

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server) as desktop:
                await desktop.wait_until_registered()
                both = [asyncio.create_task(one()) for one in (desktop.start, desktop.pause)]
                self.assertEqual([(await one).dn_sequence for one in both], [4, 5])
                self.assertEqual((await desktop.stop()).dn_sequence, 6)

        await self.serve(see, loses, knows)

    async def test_a_query_is_not_sent_again(self) -> None:
        async def loses(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            await link.hear_request()

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server) as desktop:
                await desktop.wait_until_registered()
                with self.assertRaises(LinkLost) as caught:
                    await desktop.query()
                self.assertTrue(caught.exception.outcome_unknown)
                await desktop.wait_until_registered()

        await self.serve(see, loses, recording)

    async def test_a_repetition_that_is_refused_leaves_the_outcome_unknown(self) -> None:
        async def loses(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            await link.hear_request()

        async def refuses(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            refuse(link, await link.hear_request(), 41, v1.RETRY_CLASS_FAILED)
            await link.sign_off()

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server) as desktop:
                await desktop.wait_until_registered()
                with self.assertRaisesRegex(Refused, "41") as caught:
                    await desktop.pause()
                self.assertTrue(caught.exception.outcome_unknown)

        await self.serve(see, loses, refuses)

    async def test_each_ends_by_its_deadline_or_with_the_desktop(self) -> None:
        heard = asyncio.Event()

        async def loses(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            await link.hear_request()
            await link.hear_request()
            heard.set()

        async def hangs(link: FakeLink) -> None:
            await link.hear_the_end()

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server) as desktop:
                await desktop.wait_until_registered()
                for_ever = asyncio.create_task(desktop.pause())
                with self.assertRaisesRegex(NoAnswer, "no event_ack within 0.05 s") as late:
                    await desktop.stop(timeout_s=0.05)
                await heard.wait()
                await desktop.close()
                with self.assertRaises(LinkLost) as closed:
                    await for_ever
            errors: list[RingdownError] = [late.exception, closed.exception]
            self.assertEqual([one.outcome_unknown for one in errors], [True, True])

        await self.serve(see, loses, hangs)

    async def test_a_takeover_leaves_what_has_no_answer_unknown(self) -> None:
        async def other(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            await link.hear_request()
            await taken_over(link)

        async def see(server: FakeBroker) -> None:
            async with desktop_at(server) as desktop:
                await desktop.wait_until_registered()
                with self.assertRaises(LinkLost) as caught:
                    await desktop.pause()
                self.assertTrue(caught.exception.outcome_unknown)
                self.assertIs(caught.exception.reason, DisconnectReason.TAKEN_OVER)

        await self.serve(see, other)


if __name__ == "__main__":
    unittest.main()
