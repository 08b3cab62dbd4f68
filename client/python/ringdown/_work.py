"""A recorder's program at work: each DN's orders one after the other, for any link. Internal."""
from __future__ import annotations

import asyncio
from typing import Any, Callable, Coroutine, Final, Iterable

from ._handlers import HandlerCaller
from .capture import CaptureState, Failure
from .orders import Order, Waiting

Word = CaptureState | Failure


class Work:
    """Gives the program one stream of orders for each DN; DNs do not wait for one another.
    `answered` gets what the handler returned, `failed` what it raised, behind the failure that is
    said in its place. A DN's handler is never called again before its last call is over, whatever
    becomes of links and registrations meanwhile."""

    def __init__(
        self,
        per_call: bool,
        answered: Callable[[Order, Word], None],
        failed: Callable[[Order, Exception], None],
    ) -> None:
        self._per_call: Final = per_call
        self._answered: Final = answered
        self._failed: Final = failed
        self._streams: dict[str, _Stream] = {}
        self._caller: HandlerCaller | None = None
        self._over = False

    def begin(self, caller: HandlerCaller) -> None:
        """From now on there is somebody to give orders to."""
        self._caller = caller
        for stream in self._streams.values():
            self._wake(stream)

    def add(self, dn: str) -> None:
        """A DN, maybe with its handler at work still."""
        self._streams.setdefault(dn, _Stream(self._per_call)).is_left = False

    def drop(self, dn: str) -> None:
        """What waits there is not done. What the program is at it finishes."""
        stream = self._streams.get(dn)
        if stream is None:
            return
        if stream.worker is None or stream.worker.done():
            del self._streams[dn]
        else:
            stream.is_left = True
            stream.waiting = Waiting(self._per_call)

    def drop_waiting(self) -> None:
        """What waits on any DN is not done. The link is lost: what was ordered since, only the
        next snapshot tells."""
        for stream in self._streams.values():
            stream.waiting = Waiting(self._per_call)

    def put(self, orders: Iterable[Order]) -> None:
        """Orders of DNs that were added, each newer than all that wait there."""
        for order in orders:
            stream = self._streams[order.dn]
            stream.waiting.put(order)
            self._wake(stream)

    def is_at_work(self, dn: str) -> bool:
        """An order is in the program's hands, or waits for it."""
        stream = self._streams.get(dn)
        return stream is not None and (stream.in_hand is not None or stream.waiting.has_orders)

    async def end(self) -> None:
        """Cancels handlers that are at work."""
        self._over = True
        workers = [one.worker for one in self._streams.values() if one.worker is not None]
        await end_all(workers)
        if self._caller is not None:
            self._caller.close()

    def _wake(self, stream: _Stream) -> None:
        """Orders wait, or may."""
        idle = stream.worker is None or stream.worker.done()
        if self._caller is not None and stream.waiting and idle and not self._over:
            stream.worker = asyncio.create_task(
                self._work(stream, self._caller), name="ringdown orders of a DN"
            )

    async def _work(self, stream: _Stream, caller: HandlerCaller) -> None:
        dn = ""
        while not self._over and (order := stream.waiting.take()) is not None:
            dn = order.dn
            stream.in_hand = order if order.screen is not None else None
            try:
                word = await caller.call(order)
                if word is not None:
                    self._answered(order, checked_word(word))
            except Exception as error:
                self._answered(order, Failure(text="a fault of the recorder's program"))
                self._failed(order, error)
            finally:
                stream.in_hand = None
        if stream.is_left and self._streams.get(dn) is stream:
            del self._streams[dn]


class _Stream:
    """One DN's orders."""

    def __init__(self, per_call: bool) -> None:
        self.waiting = Waiting(per_call)
        self.in_hand: Order | None = None
        self.worker: asyncio.Task[None] | None = None
        self.is_left = False
        """The DN is not recorded any more, but its handler is at work."""


def checked_word(word: Word) -> Word:
    """What a program may say. Raises TypeError and ValueError."""
    if not isinstance(word, (CaptureState, Failure)):
        raise TypeError(f"an answer: a CaptureState, a Failure or None, not {word!r}")
    if word is CaptureState.UNKNOWN:
        raise ValueError("an answer: UNKNOWN is the broker's word only; None says nothing")
    return word


async def end_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels them and waits until they are over. The task that calls is left alone: a handler may
    close its own recorder."""
    others = {task for task in tasks if task is not asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others)


async def until_one_ends(*works: Coroutine[Any, Any, None]) -> None:
    """Runs them until the first has ended; then the others are cancelled. Raises what it raises."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        await end_all(tasks)
        for task in tasks:
            if task.done() and not task.cancelled():
                task.exception()  # seen: the first one's is raised
