"""A recorder that comes back to a broker that has restarted, and knows nothing any more."""
from __future__ import annotations

import asyncio
import unittest

from fake_broker import FakeLink
from harness import until
from recorder_case import ENABLED, Said, as_told, state
from ringdown import CaptureState, Order
from steady_case import taken_over
from steady_recorder_test import SteadyRecorderTest


class Restarted(SteadyRecorderTest):
    async def test_it_is_told_what_is_so(self) -> None:
        orders: list[Order] = []

        async def first(link: FakeLink) -> None:
            await link.grant(server_instance=1)
            await link.register(state(1, ENABLED))
            self.assertEqual(await Said(link).words(1), [("enabled", 1)])

        async def second(link: FakeLink) -> None:
            await link.grant(server_instance=2)
            await link.register(state(0, epoch=2))
            self.assertEqual(await Said(link).words(1), [("enabled", 0)])
            await taken_over(link)

        await self.play(as_told(orders), first, second)
        self.assertEqual([one.version for one in orders], [1])

    async def test_what_is_done_of_an_order_that_it_has_forgotten_is_said(self) -> None:
        orders: list[Order] = []
        back = asyncio.Event()

        async def first(link: FakeLink) -> None:
            await link.grant(server_instance=1)
            await link.register(state(1, ENABLED))
            await until("it is at work", lambda: bool(orders))

        async def second(link: FakeLink) -> None:
            await link.grant(server_instance=2)
            await link.register(state(0, epoch=2))
            back.set()  # before or after the recorder has seen its registration
            self.assertEqual(await Said(link).words(1), [("enabled", 0)])
            await taken_over(link)

        async def handle(order: Order) -> CaptureState | None:
            orders.append(order)
            await back.wait()
            return order.screen

        await self.play(handle, first, second)


if __name__ == "__main__":
    unittest.main()
