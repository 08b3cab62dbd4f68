"""A recorder that comes back: its links, its program over lost links, and its DNs."""
from __future__ import annotations

import asyncio
import threading
import unittest
from typing import Awaitable, Callable
from unittest import mock

from fake_broker import Behaviour, FakeBroker, FakeLink
from harness import PATIENCE_S, until
from recorder_case import DISABLED, ENABLED, PAUSED, Said, as_told, command, state
from ringdown import CaptureState, DisconnectReason, LinkLost, NotAllGranted, Order
from ringdown import OrderHandler, Reconnect, Refused, SteadyRecorder, v1
from ringdown.steady_recorder import HandlerFailed
from steady_case import AT_ONCE, PATIENT, Links, SteadyTest, refuse, taken_over, until_signed_off

See = Callable[[SteadyRecorder], Awaitable[None]]


async def nothing(recorder: SteadyRecorder) -> None:
    pass


class SteadyRecorderTest(SteadyTest):
    async def play(
        self,
        handler: OrderHandler,
        *behaviours: Behaviour,
        see: See = nothing,
        dns: tuple[str, ...] = ("7001",),
        links: Links | None = None,
        on_handler_failure: HandlerFailed | None = None,
    ) -> None:
        """Until the last of the links is over; that ends with a takeover or a sign-off."""

        async def run(server: FakeBroker) -> None:
            async with SteadyRecorder(
                [(server.host, server.port)],
                dns,
                reconnect=AT_ONCE,
                limits=PATIENT,
                on_link=links,
                on_handler_failure=on_handler_failure,
            ) as recorder:
                running = asyncio.create_task(recorder.run(handler))
                await see(recorder)
                with self.assertRaises(LinkLost) as caught:
                    await running
                self.assertIs(caught.exception.reason, DisconnectReason.TAKEN_OVER)

        await self.serve(run, *behaviours)


class TheLink(SteadyRecorderTest):
    async def test_it_comes_back_and_what_is_done_is_only_said_again(self) -> None:
        orders: list[Order] = []
        links = Links()

        async def first(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED))
            self.assertEqual(await Said(link).words(1), [("paused", 2)])

        async def second(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED))
            self.assertEqual(await Said(link).words(1), [("paused", 2)])
            link.say(command("resume", 3, ENABLED))
            self.assertEqual(await Said(link).words(1), [("enabled", 3)])
            await taken_over(link)

        await self.play(as_told(orders), first, second, links=links)
        self.assertEqual([one.version for one in orders], [2, 3])
        self.assertEqual(links.stood, [True, False, True, False])
        self.assertIsNone(links.changes[-1].retry_in_s)

    async def test_it_does_not_fight_its_successor(self) -> None:
        async def other(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED))
            await taken_over(link)

        async def see(recorder: SteadyRecorder) -> None:
            with self.assertRaises(LinkLost) as caught:
                await recorder.wait_until_registered()
                while True:
                    await asyncio.sleep(0)
                    await recorder.wait_until_registered()
            self.assertIs(caught.exception.reason, DisconnectReason.TAKEN_OVER)

        await self.play(as_told(), other, see=see)  # one connection, and none behind it

    async def test_a_sign_on_that_is_refused_ends_it(self) -> None:
        async def no(link: FakeLink) -> None:
            refuse(link, await link.hear(), 119, v1.RETRY_CLASS_FAILED)
            await link.hear_the_end()

        async def see(server: FakeBroker) -> None:
            recorder = SteadyRecorder(
                [(server.host, server.port)], ["7001"], reconnect=AT_ONCE, limits=PATIENT
            )
            with self.assertRaisesRegex(Refused, "119"):
                await recorder.run(as_told())
            with self.assertRaisesRegex(Refused, "119"):
                await recorder.wait_until_registered()
            with self.assertRaisesRegex(RuntimeError, "run: once"):
                await recorder.run(as_told())
            await recorder.close()

        await self.serve(see, no)

    async def test_it_is_closed_while_it_waits_and_by_its_own_handler(self) -> None:
        links = Links()
        long = Reconnect(first_max_s=1e6, delay_max_s=1e6)
        recorder = SteadyRecorder([("127.0.0.1", 1)], ["7001"], on_link=links, reconnect=long)
        running = asyncio.create_task(recorder.run(as_told()))
        while not links.changes:
            await asyncio.sleep(0.001)
        await recorder.close()
        await running

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED))
            await link.sign_off()

        async def see(server: FakeBroker) -> None:
            recorder = SteadyRecorder(
                [(server.host, server.port)], ["7001"], reconnect=AT_ONCE, limits=PATIENT
            )

            async def handle(order: Order) -> None:
                await recorder.close()

            await recorder.run(handle)
            with self.assertRaises(LinkLost) as caught:
                await recorder.wait_until_registered()
            self.assertIs(caught.exception.reason, DisconnectReason.SIGNED_OFF)

        await self.serve(see, behave)


class TheProgram(SteadyRecorderTest):
    async def test_a_handler_at_work_is_not_interrupted_and_its_word_is_said_later(self) -> None:
        for kind in ("coroutine", "plain function"):
            orders: list[Order] = []
            at_work, over = asyncio.Event(), threading.Event()
            loop = asyncio.get_running_loop()

            async def first(link: FakeLink) -> None:
                await link.grant()
                await link.register(state(1, ENABLED))
                await at_work.wait()
                link.say(command("start", 3, ENABLED))  # waits, and is past with the link

            async def second(link: FakeLink) -> None:
                await link.grant()
                await link.register(state(4, PAUSED))
                over.set()
                said = await Said(link).words(2)
                self.assertEqual(said, [("enabled", 1), ("paused", 4)])
                await taken_over(link)

            async def waits(order: Order) -> CaptureState | None:
                orders.append(order)
                if order.version == 1:
                    at_work.set()
                    await until("the link is back", over.is_set)
                return order.screen

            def blocks(order: Order) -> CaptureState | None:
                orders.append(order)
                if order.version == 1:
                    loop.call_soon_threadsafe(at_work.set)
                    over.wait(PATIENCE_S)
                return order.screen

            with self.subTest(kind):
                await self.play(waits if kind == "coroutine" else blocks, first, second)
                self.assertEqual([one.version for one in orders], [1, 4])

    async def test_what_is_done_while_there_is_no_link_is_said_by_the_next_registration(
        self,
    ) -> None:
        orders: list[Order] = []
        go_on, lost, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def first(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            await until("it is at work", lambda: bool(orders))

        async def second(link: FakeLink) -> None:
            lost.set()
            await done.wait()
            await link.grant()
            await link.register(state(1, ENABLED))
            self.assertEqual(await Said(link).words(1), [("enabled", 1)])
            await taken_over(link)

        async def handle(order: Order) -> CaptureState | None:
            orders.append(order)
            await go_on.wait()
            return order.screen

        async def see(recorder: SteadyRecorder) -> None:
            await lost.wait()
            go_on.set()
            await until("it is done", lambda: recorder.screens.state("7001") is not None)
            done.set()

        await self.play(handle, first, second, see=see)
        self.assertEqual(len(orders), 1)

    async def test_an_order_for_the_lost_connection_alone_is_answered_without_its_version(
        self,
    ) -> None:
        orders: list[Order] = []
        back = asyncio.Event()

        async def first(link: FakeLink) -> None:
            await link.grant(client_id=7)
            await link.register()
            self.assertEqual(await Said(link).words(1), [("disabled", 0)])
            order = command("start", 2, ENABLED)
            order.event_user_event.origin_client_id = 0
            order.event_user_event.for_recorder_client_id = 7
            link.say(order)
            await until("it is at work", lambda: len(orders) == 2)

        async def second(link: FakeLink) -> None:
            await link.grant(client_id=8)
            await link.register()
            back.set()
            heard = await Said(link).next()
            while heard.word != "enabled":
                heard = await Said(link).next()
            # The broker refuses with 53 what names an order that another recorder got.
            self.assertEqual((heard.version, heard.command_id), (0, b""))
            await taken_over(link)

        async def handle(order: Order) -> CaptureState | None:
            orders.append(order)
            if order.version == 2:
                await back.wait()
            return order.screen or CaptureState.DISABLED

        await self.play(handle, first, second)

    async def test_what_waited_when_the_link_was_lost_is_not_done_without_one(self) -> None:
        orders: list[Order] = []
        go_on, lost, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def first(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, PAUSED))
            await until("it is at work", lambda: bool(orders))
            link.say(command("resume", 2, ENABLED))

        async def second(link: FakeLink) -> None:
            lost.set()
            await done.wait()
            await link.grant()
            await link.register(state(3, PAUSED))  # somebody has paused meanwhile
            self.assertEqual(await Said(link).words(1), [("paused", 3)])
            await taken_over(link)

        async def handle(order: Order) -> CaptureState | None:
            orders.append(order)
            await go_on.wait()
            return order.screen

        async def see(recorder: SteadyRecorder) -> None:
            await lost.wait()
            self.assertEqual(recorder.screens.known("7001").version, 2)  # it was heard
            go_on.set()
            await until("it is done", lambda: recorder.screens.state("7001") is not None)
            await asyncio.sleep(0)
            self.assertEqual([one.version for one in orders], [1])
            done.set()

        await self.play(handle, first, second, see=see)
        self.assertNotIn(CaptureState.ENABLED, [one.screen for one in orders])

    async def test_its_own_word_is_kept_without_a_link(self) -> None:
        lost, said = asyncio.Event(), asyncio.Event()

        async def first(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            self.assertEqual(await Said(link).words(1), [("disabled", 0)])

        async def second(link: FakeLink) -> None:
            lost.set()
            await said.wait()
            await link.grant()
            await link.register()
            self.assertEqual(await Said(link).words(1), [("enabled", 0)])
            await taken_over(link)

        async def see(recorder: SteadyRecorder) -> None:
            await lost.wait()
            self.assertIsNone(await recorder.say("7001", CaptureState.ENABLED))
            with self.assertRaisesRegex(ValueError, "about: the DN '7002' is not recorded"):
                await recorder.say("7002", CaptureState.ENABLED)
            with self.assertRaisesRegex(ValueError, "UNKNOWN is the broker's word"):
                await recorder.say("7001", CaptureState.UNKNOWN)
            said.set()

        await self.play(as_told(), first, second, see=see)

    async def test_a_handler_that_raises_is_counted_and_told_and_ends_nothing(self) -> None:
        told: list[tuple[int, str]] = []

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            self.assertEqual(await Said(link).words(1), [("failed", 1)])
            link.say(command("pause", 2, PAUSED))
            self.assertEqual(await Said(link).words(1), [("paused", 2)])
            await taken_over(link)

        def handle(order: Order) -> CaptureState | None:
            if order.version == 1:
                raise ZeroDivisionError("on air")
            return order.screen

        def tell(order: Order, error: Exception) -> None:
            told.append((order.version, str(error)))
            raise RuntimeError("nor does this")

        async def see(recorder: SteadyRecorder) -> None:
            await until("it has failed", lambda: recorder.handler_failures == 1)

        with self.assertLogs("ringdown") as logged:
            await self.play(handle, behave, see=see, on_handler_failure=tell)
        self.assertEqual(told, [(1, "on air")])
        text = "\n".join(logged.output)
        self.assertIn("the handler of start of 7001 has failed", text)
        self.assertIn("RuntimeError: nor does this", text)

    async def test_a_word_that_is_refused_for_good_ends_nothing(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            refuse(link, await link.hear_request(), 165, v1.RETRY_CLASS_FAILED)
            link.say(command("pause", 2, PAUSED))
            self.assertEqual(await Said(link).words(1), [("paused", 2)])
            await taken_over(link)

        with self.assertLogs("ringdown") as logged:
            await self.play(as_told(), behave)
        self.assertIn("a word was refused: 165", "\n".join(logged.output))


class Dns(SteadyRecorderTest):
    async def test_they_are_recorded_and_left_with_and_without_a_link(self) -> None:
        lost, changed = asyncio.Event(), asyncio.Event()

        async def first(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            said = Said(link)
            await said.next()
            request = await link.hear_request()
            self.assertEqual(list(request.request_register_address.this_dn), ["7002"])
            registered = v1.EventRegistered(this_dn="7002", snapshot=state(1, PAUSED))
            link.say(v1.Frame(reference_id=request.reference_id, event_registered=registered))
            self.assertEqual((await said.next()).dn, "7002")
            request = await link.hear_request()
            self.assertEqual(list(request.request_unregister_address.this_dn), ["7001"])
            ended = v1.EventUnregistered(this_dn="7001")
            link.say(v1.Frame(reference_id=request.reference_id, event_unregistered=ended))
            link.say(command("pause", 2, PAUSED))  # is no order any more
            await until("it has left", changed.is_set)

        async def second(link: FakeLink) -> None:
            lost.set()
            await until("it is changed", lambda: not changed.is_set())
            await link.grant()
            request = await link.hear_request()
            self.assertEqual(list(request.request_register_address.this_dn), ["7003"])
            registered = v1.EventRegistered(this_dn="7003", snapshot=state(1, DISABLED))
            link.say(v1.Frame(reference_id=request.reference_id, event_registered=registered))
            self.assertEqual((await Said(link).next()).dn, "7003")
            await taken_over(link)

        async def see(recorder: SteadyRecorder) -> None:
            await until("7001 is recorded", lambda: recorder.screens.state("7001") is not None)
            recorder.record(["7002"])
            await recorder.wait_until_registered()
            await until("7002 is recorded", lambda: recorder.screens.state("7002") is not None)
            recorder.leave(["7001", "7009"])
            self.assertIsNone(recorder.screens.state("7001"))
            changed.set()
            await lost.wait()
            recorder.record(["7003"])
            recorder.leave(["7002"])
            changed.clear()

        orders: list[Order] = []
        await self.play(as_told(orders), first, second, see=see)
        self.assertEqual([one.dn for one in orders], ["7001", "7002", "7003"])

    async def test_refusals_that_may_pass_are_asked_again_and_others_told(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            request = await link.hear_request()
            for dn, code, retry in (
                ("7001", 1186, v1.RETRY_CLASS_OVERLOADED),
                ("7002", 59, v1.RETRY_CLASS_FAILED),
            ):
                error = v1.EventError(error_code=code, retry_class=retry, this_dn=dn)
                link.say(v1.Frame(reference_id=request.reference_id, event_error=error))
            await link.register(state(1, ENABLED))  # 7001 alone
            await Said(link).next()
            ended = v1.EventUnregistered(this_dn="7001", error_code=52)
            link.say(v1.Frame(event_unregistered=ended))
            await link.register(state(1, ENABLED))
            await Said(link).next()
            ended.error_code = 59
            link.say(v1.Frame(event_unregistered=ended))
            await until_signed_off(link)

        async def see(server: FakeBroker) -> None:
            async with SteadyRecorder(
                [(server.host, server.port)], ["7001", "7002"], reconnect=AT_ONCE, limits=PATIENT
            ) as recorder:
                running = asyncio.create_task(recorder.run(as_told()))
                with self.assertRaisesRegex(NotAllGranted, "'7002': 59") as caught:
                    await recorder.wait_until_registered()
                self.assertEqual(caught.exception.granted, ["7001"])
                await until("7001 is refused too", lambda: len(recorder.refused) == 2)
                self.assertEqual(recorder.refused["7001"].error_code, 59)
                await recorder.close()
                await running

        with mock.patch("ringdown._steady.REGISTER_AGAIN_S", 0.0):
            await self.serve(see, behave)

    async def test_a_wish_meanwhile_forgets_nothing_that_is_to_be_asked_again(self) -> None:
        refused = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            refuse(link, await link.hear_request(), 1186, v1.RETRY_CLASS_OVERLOADED)
            refused.set()
            asked: set[str] = set()
            while asked != {"7001", "7002"}:
                request = await link.hear_request()
                for dn in request.request_register_address.this_dn:
                    asked.add(dn)
                    registered = v1.EventRegistered(this_dn=dn, snapshot=state(0))
                    reference = request.reference_id
                    link.say(v1.Frame(reference_id=reference, event_registered=registered))
            await taken_over(link)

        async def see(recorder: SteadyRecorder) -> None:
            await refused.wait()
            for _ in range(10):  # until the refusal is seen, which is not told
                await asyncio.sleep(0.01)
            recorder.record(["7002"])

        with mock.patch("ringdown._steady.REGISTER_AGAIN_S", 0.3):
            await self.play(as_told(), behave, see=see)

    async def test_a_wrong_argument_is_named(self) -> None:
        place = [("127.0.0.1", 1)]
        with self.assertRaisesRegex(TypeError, "dns: a list of DNs"):
            SteadyRecorder(place, "7001")
        with self.assertRaisesRegex(ValueError, "places: at least one"):
            SteadyRecorder([], ["7001"])
        with mock.patch("ringdown.steady_recorder.DNS_MAX", 2):
            recorder = SteadyRecorder(place, ["7001", "7002"])
            recorder.record(["7001"])
            with self.assertRaisesRegex(ValueError, "dns: 1 more, accepted are 2 of one"):
                recorder.record(["7003"])


if __name__ == "__main__":
    unittest.main()
