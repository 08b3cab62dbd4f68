"""What the tests with a real daemon have in common."""
from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Coroutine

from harness import PATIENCE_S, AsyncTest, Broker
from ringdown import (
    CaptureState,
    Connection,
    Desktop,
    Event,
    Identity,
    Limits,
    Order,
    Recorder,
    Value,
    user_data,
    v1,
)

PATIENT = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)
DESKTOP, RECORDER, SUPERVISOR = v1.ROLE_DESKTOP, v1.ROLE_RECORDER, v1.ROLE_SUPERVISOR


class Hand:
    """A recorder's program that a test is: it takes orders, and says what it likes. Only what it
    is asked for it answers itself."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._orders: asyncio.Queue[Order] = asyncio.Queue()

    async def take(self, order: Order) -> CaptureState | None:
        if order.screen is None:
            return self.recorder.screens.state(order.dn) or CaptureState.DISABLED
        self._orders.put_nowait(order)
        return None

    async def next_order(self) -> Order:
        async with asyncio.timeout(PATIENCE_S):
            return await self._orders.get()


class Obedient:
    """A recorder's program that does what it is told."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.orders: list[Order] = []

    async def take(self, order: Order) -> CaptureState:
        if order.screen is None:
            return self.recorder.screens.state(order.dn) or CaptureState.DISABLED
        self.orders.append(order)
        return order.screen


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

    async def desktop(self, dn: str, *, application: str = "desk", agent_id: str = "") -> Desktop:
        connecting = Desktop.connect(
            self.at.host,
            self.at.port,
            dn,
            agent_id=agent_id,
            identity=Identity(DESKTOP, application),
            limits=PATIENT,
        )
        return await self._stack.enter_async_context(await connecting)

    async def hand(self, *dns: str, standby: bool = False) -> Hand:
        recorder = await self._recorder(*dns, standby=standby)
        hand = Hand(recorder)
        await self._run(recorder.run(hand.take))
        return hand

    async def obedient(self, *dns: str) -> Obedient:
        recorder = await self._recorder(*dns)
        program = Obedient(recorder)
        await self._run(recorder.run(program.take))
        return program

    async def user_event(self, connection: Connection) -> v1.EventUserEvent:
        event: Event = await connection.next_event(timeout_s=PATIENCE_S)
        assert isinstance(event, v1.EventUserEvent), event
        return event

    async def _recorder(self, *dns: str, standby: bool = False) -> Recorder:
        connecting = Recorder.connect(
            self.at.host, self.at.port, dns, standby=standby, limits=PATIENT
        )
        return await self._stack.enter_async_context(await connecting)

    async def _run(self, running: Coroutine[Any, Any, None]) -> None:
        """Until the test closes what runs, which comes behind this in the stack."""
        task = asyncio.create_task(running)
        self._stack.push_async_callback(_end, task)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def plain(dn: str, *pairs: tuple[str, Value]) -> v1.RequestSendEvent:
    event = v1.Event(
        this_dn=dn,
        message_type=v1.MESSAGE_TYPE_EVENT_USER_EVENT,
        user_data=user_data(pairs),
    )
    return v1.RequestSendEvent(this_dn=dn, event=event)
