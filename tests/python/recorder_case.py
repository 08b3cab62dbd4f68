"""What the tests of a recorder have in common."""
from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, Coroutine

from fake_broker import Behaviour, FakeBroker, FakeLink, user_event
from harness import PATIENCE_S, AsyncTest
from ringdown import CaptureState, Failure, Limits, LinkLost, Order, OrderHandler
from ringdown import Recorder, Screens, v1

PATIENT = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)
ENABLED, PAUSED = v1.CAPTURE_STATE_ENABLED, v1.CAPTURE_STATE_PAUSED
DISABLED = v1.CAPTURE_STATE_DISABLED
Handler = Callable[[Order], Awaitable[CaptureState | Failure | None]]


def state(version: int, desired: v1.CaptureState | None = None, *, epoch: int = 1) -> v1.Snapshot:
    sessions = [] if desired is None else [v1.CaptureSession(desired=desired, version=version)]
    return v1.Snapshot(dn_epoch=epoch, version=version, sessions=sessions)


def command(
    word: str, version: int, desired: v1.CaptureState, *, dn: str = "7001", call: int = 0
) -> v1.Frame:
    frame = user_event(dn, version + 10, word=word, version=version, desired=desired, call=call)
    frame.event_user_event.origin_client_id = 99
    frame.event_user_event.command_id = bytes([version % 256]) * 16
    return frame


def query(sequence: int, asker: int, *, dn: str = "7001") -> v1.Frame:
    frame = user_event(dn, sequence, word="query")
    frame.event_user_event.origin_client_id = asker
    frame.event_user_event.command_id = b"q" * 16
    return frame


class Heard:
    """What a broker heard a recorder say."""

    def __init__(self, frame: v1.Frame) -> None:
        said = frame.request_send_event
        assert frame.HasField("request_send_event"), frame
        self.reference = frame.reference_id
        self.dn = said.this_dn
        self.word = said.event.user_data.pairs[0].string_value
        self.version = said.version
        self.command_id = said.command_id
        self.call = said.event.connection_id
        self.to = said.directed_client_id
        self.failure = said.failure if said.HasField("failure") else None


class Said:
    """Hears words, and accepts each."""

    def __init__(self, link: FakeLink) -> None:
        self._link = link

    async def next(self) -> Heard:
        heard = Heard(await self._link.hear_request())
        self._link.say(v1.Frame(reference_id=heard.reference, event_ack=v1.EventACK()))
        return heard

    async def words(self, count: int) -> list[tuple[str, int]]:
        heard = [await self.next() for _ in range(count)]
        return [(one.word, one.version) for one in heard]


def as_told(orders: list[Order] | None = None) -> Handler:
    """A program that does what it is told, and tells which orders it got."""
    screens: dict[str, CaptureState] = {}

    async def handle(order: Order) -> CaptureState:
        if orders is not None:
            orders.append(order)
        if order.screen is not None:
            screens[order.dn] = order.screen
        return screens.get(order.dn, CaptureState.DISABLED)

    return handle


class RecorderTest(AsyncTest):
    async def play(
        self,
        behave: Behaviour,
        handler: OrderHandler,
        *dns: str,
        see: Callable[[Recorder], Coroutine[Any, Any, None]] | None = None,
        screens: Screens | None = None,
        standby: bool = False,
        per_call: bool = False,
        limits: Limits = PATIENT,
    ) -> None:
        """Until the broker ends the link, which a behaviour does when it is over."""
        async with asyncio.timeout(PATIENCE_S), FakeBroker(behave) as server:
            connecting = Recorder.connect(
                server.host,
                server.port,
                dns or ["7001"],
                screens=screens,
                standby=standby,
                per_call=per_call,
                limits=limits,
            )
            async with await connecting as recorder:
                seeing = None if see is None else asyncio.create_task(see(recorder))
                with self.assertRaises(LinkLost):
                    await recorder.run(handler)
                if seeing is not None:
                    await seeing
