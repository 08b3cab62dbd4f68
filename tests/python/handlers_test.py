"""How a recorder's program is called: each DN by itself, on the event loop or on threads."""
from __future__ import annotations

import asyncio
import functools
import logging
import re
import threading
import time
import unittest
from unittest import mock

from fake_broker import FakeBroker, FakeLink
from harness import PATIENCE_S, until
from recorder_case import ENABLED, PATIENT, PAUSED, RecorderTest, Said, command, state
from ringdown import CaptureState, Failure, LinkLost, Order, OrderHandler
from ringdown import Recorder, Verb, v1
from ringdown._handlers import HandlerCaller


class EachDnByItself(RecorderTest):
    async def slow_start_here_pause_there(
        self, handler: OrderHandler, go_on: asyncio.Event | threading.Event
    ) -> None:
        """7001's start is at work until 7002's pause is said."""

        async def behave(link: FakeLink) -> None:
            await link.grant(window_requests=100)
            await link.register(state(1, PAUSED), state(1, ENABLED))
            said = Said(link)
            await said.words(2)
            link.say(command("start", 2, ENABLED))
            link.say(command("pause", 2, PAUSED, dn="7002"))
            heard = await said.next()
            self.assertEqual((heard.dn, heard.word, heard.version), ("7002", "paused", 2))
            go_on.set()
            heard = await said.next()
            self.assertEqual((heard.dn, heard.word, heard.version), ("7001", "enabled", 2))

        await self.play(behave, handler, "7001", "7002")

    async def test_a_slow_coroutine_keeps_no_other_dn(self) -> None:
        go_on = asyncio.Event()

        async def handle(order: Order) -> CaptureState | None:
            if order.dn == "7001" and order.version == 2:
                await go_on.wait()
            return order.screen

        await self.slow_start_here_pause_there(handle, go_on)

    async def test_a_plain_function_that_blocks_keeps_no_other_dn(self) -> None:
        go_on = threading.Event()
        loop_thread = threading.current_thread()
        threads: set[threading.Thread] = set()

        def handle(order: Order) -> CaptureState | None:
            threads.add(threading.current_thread())
            if order.dn == "7001" and order.version == 2:
                go_on.wait(PATIENCE_S)
            return order.screen

        await self.slow_start_here_pause_there(handle, go_on)
        self.assertNotIn(loop_thread, threads)

    async def test_a_plain_function_gets_a_dns_orders_one_after_the_other(self) -> None:
        orders: list[int] = []
        at_work = threading.Lock()
        go_on = threading.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant(window_requests=100)
            await link.register(state(1, PAUSED))
            await until("it is at work", lambda: bool(orders))
            for version in range(2, 6):
                link.say(command("start", version, ENABLED))
            go_on.set()
            said = await Said(link).words(2)
            self.assertEqual(said, [("paused", 1), ("enabled", 5)])

        def handle(order: Order) -> CaptureState | None:
            self.assertTrue(at_work.acquire(blocking=False), "two at once")
            orders.append(order.version)
            go_on.wait(PATIENCE_S)
            at_work.release()
            return order.screen

        await self.play(behave, handle)
        self.assertEqual(orders, [1, 5])

    async def test_what_a_plain_function_raises_is_said_and_seen(self) -> None:
        def handle(order: Order) -> CaptureState:
            raise ZeroDivisionError("on air")

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            self.assertEqual(await Said(link).words(1), [("failed", 1)])
            await link.sign_off()

        async with asyncio.timeout(PATIENCE_S), FakeBroker(behave) as server:
            connecting = Recorder.connect(server.host, server.port, ["7001"], limits=PATIENT)
            async with await connecting as recorder:
                with self.assertRaisesRegex(ZeroDivisionError, "on air"):
                    await recorder.run(handle)

    async def test_any_callable_will_do(self) -> None:
        class Program:
            async def __call__(self, order: Order) -> CaptureState | Failure | None:
                return order.screen

        async def with_more(more: int, order: Order) -> CaptureState | None:
            return order.screen

        program = Program()
        handlers: list[OrderHandler] = [
            program,
            functools.partial(with_more, 1),
            lambda order: program(order),  # on a thread; what it returns, on the event loop
            lambda order: order.screen,
        ]
        for handler in handlers:

            async def behave(link: FakeLink) -> None:
                await link.grant()
                await link.register(state(1, ENABLED))
                self.assertEqual(await Said(link).words(1), [("enabled", 1)])

            await self.play(behave, handler)


class Blocking(RecorderTest):
    async def blocks(self, handler: OrderHandler, interval_ms: int) -> list[str]:
        """What the log says when the handler has blocked once."""

        async def behave(link: FakeLink) -> None:
            await link.grant(heartbeat_interval_ms=interval_ms)
            await link.register(state(1, ENABLED))
            self.assertEqual(await Said(link).words(1), [("enabled", 1)])

        with self.assertLogs("ringdown", logging.WARNING) as logged:
            logging.getLogger("ringdown").warning("the first")  # there must be one
            await self.play(behave, handler)
        return [record.getMessage() for record in logged.records[1:]]

    async def test_a_handler_that_blocks_the_heartbeat_is_named(self) -> None:
        async def films_slowly(order: Order) -> CaptureState | None:
            await asyncio.sleep(0)
            time.sleep(0.1)  # is what is tested
            return order.screen

        told = await self.blocks(films_slowly, 50)
        says = r"^the handler .*films_slowly blocked the event loop for .* s: .* the link is lost"
        self.assertTrue(any(re.search(says, text) for text in told), told)

    async def test_one_that_keeps_other_dns_is_named_where_heartbeats_are_rarer(self) -> None:
        async def films_slowly(order: Order) -> CaptureState | None:
            time.sleep(0.6)
            return order.screen

        told = await self.blocks(films_slowly, 60_000)
        self.assertTrue(any("films_slowly blocked" in text for text in told), told)

    async def test_each_step_is_timed_and_what_lies_between_is_not(self) -> None:
        now = 0.0
        told: list[float] = []
        go_on = asyncio.Event()

        async def handle(order: Order) -> None:
            nonlocal now
            now += 1
            await go_on.wait()
            now += 2

        caller = HandlerCaller(handle, lambda seconds, by: told.append(seconds))
        with mock.patch("ringdown._handlers.time", mock.Mock(monotonic=lambda: now)):
            calling = asyncio.create_task(caller.call(Order("7001", None, Verb.QUERY)))
            await until("it waits", lambda: bool(told))
            now += 100
            go_on.set()
            await calling
        self.assertEqual(told, [1, 2])

    async def test_a_plain_function_keeps_nobody(self) -> None:
        told: list[float] = []

        def handle(order: Order) -> None:
            time.sleep(0.01)

        caller = HandlerCaller(handle, lambda seconds, by: told.append(seconds))
        await caller.call(Order("7001", None, Verb.QUERY))
        caller.close()
        self.assertEqual(told, [])

    async def test_a_program_that_blocks_elsewhere_is_told_of_without_a_name(self) -> None:
        blocked = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant(heartbeat_interval_ms=20)
            await link.register(state(1, ENABLED))
            await Said(link).words(1)
            await blocked.wait()
            link.say(command("pause", 2, PAUSED))
            await Said(link).words(1)

        async def see(recorder: Recorder) -> None:
            await until("it is recorded", lambda: recorder.screens.state("7001") is not None)
            time.sleep(0.1)
            blocked.set()

        async def handle(order: Order) -> CaptureState | None:
            return order.screen

        with self.assertLogs("ringdown", logging.WARNING) as logged:
            await self.play(behave, handle, see=see)
        says = "something in this program blocked the event loop"
        self.assertTrue(any(says in line for line in logged.output), logged.output)

    async def test_a_cancelled_handler_is_cancelled_where_it_waits(self) -> None:
        ends: list[str] = []
        at_work = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            await at_work.wait()
            last = v1.EventLinkDisconnected(reason=v1.DISCONNECT_REASON_DRAINING)
            link.say(v1.Frame(event_link_disconnected=last))

        async def handle(order: Order) -> CaptureState | None:
            at_work.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ends.append(order.dn)
                raise
            return None

        async with asyncio.timeout(PATIENCE_S), FakeBroker(behave) as server:
            connecting = Recorder.connect(server.host, server.port, ["7001"], limits=PATIENT)
            async with await connecting as recorder:
                with self.assertRaisesRegex(LinkLost, "DRAINING"):
                    await recorder.run(handle)
        self.assertEqual(ends, ["7001"])


if __name__ == "__main__":
    unittest.main()
