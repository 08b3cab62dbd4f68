"""A screen recorder: orders in, indications out."""
from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Awaitable, Callable, Coroutine, Final, Sequence, Union

from . import _addresses
from ._events import Event
from ._requests import Pending
from .capture import CaptureState, Failure, Verb, capture_request
from .connection import NOT_REGISTERED, Connection
from .errors import LinkLost, NoAnswer, NotAllGranted, Refused, WindowFull
from .identity import Identity, Limits
from .orders import Order, Screens, Waiting
from .v1 import ringdown_pb2 as v1

Answer = Union[CaptureState, Failure, None]
"""What is so now; that the order could not be done; or nothing, it is said later."""

OrderHandler = Callable[[Order], Awaitable[Answer]]

SAY_AGAIN_S: Final = 0.1
"""Until a word that the broker had no room for is said again, unless it asks for longer."""

_LATER: Final = (v1.RETRY_CLASS_OVERLOADED, v1.RETRY_CLASS_UNKNOWN_OUTCOME)


class Recorder:
    """One recorder, on any number of DNs. Use it as an async context manager, and `run` it.

    Its program gets one stream of orders for each DN's screen, one after the other; those of
    different DNs at the same time. What its handler returns is said: what is so now, or that the
    order could not be done. What it returns None for, it says later with `say`.

    While the program is at work on a DN, only the newest of its orders waits: there is one screen.
    What was commanded while the recorder was away, or was missed because it was slow, comes as
    what the screen is to be now; if that is so already, it is only said again.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        standby: bool = False,
        per_call: bool = False,
        screens: Screens | None = None,
    ) -> None:
        """Use `connect`; or give a connection that is signed on and not registered. The recorder
        takes its events and signs it off."""
        self.connection: Final = connection
        self.screens: Final = Screens() if screens is None else screens
        self._standby = standby
        self._per_call = per_call
        self._streams: dict[str, _Stream] = {}
        self._gaps: dict[str, None] = {}  # DNs to ask about, in their order
        self._asker: asyncio.Task[object] | None = None
        self._handler: OrderHandler | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        dns: Sequence[str],
        *,
        standby: bool = False,
        per_call: bool = False,
        screens: Screens | None = None,
        identity: Identity | None = None,
        limits: Limits = Limits(),
    ) -> Recorder:
        """Connects, signs on and registers. `standby`: gets all orders, says nothing, and does not
        count as active. `per_call`: it records calls apart, and `connection_id` tells which; of
        all others there is one screen. `screens`: those of the connection before. Raises as
        `Connection.open` and `register` do."""
        who = identity or Identity(v1.ROLE_RECORDER)
        if who.role != v1.ROLE_RECORDER:
            raise ValueError(f"identity: role {who.role}, accepted is ROLE_RECORDER")
        if per_call:
            wanted = [*who.wanted_capabilities(), v1.CAPABILITY_PER_CALL]
            who = replace(who, capabilities=wanted)
        connection = await Connection.open(host, port, who, limits)
        recorder = cls(connection, standby=standby, per_call=per_call, screens=screens)
        try:
            await recorder.record(dns)
        except BaseException:
            await recorder.close()
            raise
        return recorder

    async def __aenter__(self) -> Recorder:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Signs off. Never raises for the network."""
        try:
            await self.connection.sign_off()
        finally:
            await _end_all(self._tasks)

    # ---- DNs --------------------------------------------------------------------------------

    async def record(self, dns: Sequence[str], *, timeout_s: float | None = None) -> None:
        """Registers on these DNs, or again. Raises as `Connection.register` does; those DNs that
        were granted are recorded."""
        before = set(self._streams)
        for dn in _addresses.each_once(dns):
            # What is heard before the answer is seen counts.
            self._streams.setdefault(dn, _Stream(self._per_call))
        snapshots: dict[str, v1.Snapshot] = {}
        try:
            snapshots = await self.connection.register(
                dns, standby=self._standby, timeout_s=timeout_s
            )
        except NotAllGranted as error:
            snapshots = error.snapshots
            raise
        finally:
            for dn in set(self._streams) - before - snapshots.keys():
                del self._streams[dn]
            for dn, snapshot in snapshots.items():
                self._take_snapshot(dn, snapshot, registered=True)

    async def leave(self, dns: Sequence[str], *, timeout_s: float | None = None) -> None:
        """Ends registrations and forgets these DNs. What the program is at it finishes, and it is
        not said. Raises as `Connection.unregister` does."""
        await self.connection.unregister(dns, timeout_s=timeout_s)
        for dn in dns:
            self._streams.pop(dn, None)
            self.screens.forget(dn)

    # ---- orders in --------------------------------------------------------------------------

    async def run(self, order: OrderHandler) -> None:
        """Gives each order to the program, until `close`; raises LinkLost if the link ended
        otherwise. If `order` raises, the order is said to have failed, and `run` raises the same.
        Handlers that are at work at the end are cancelled. To be called once."""
        if self._handler is not None:
            raise RuntimeError("run: once for each Recorder")
        self._handler = order
        for dn in list(self._streams):
            self._wake(dn)
        follower = asyncio.create_task(self._follow(), name="ringdown orders")
        waits: set[asyncio.Future[None]] = {follower, self._fault}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if self._fault.done():
                self._fault.result()
            follower.result()
        finally:
            await _end_all({follower, *self._tasks})

    # ---- words out --------------------------------------------------------------------------

    async def say(
        self,
        about: Order | str,
        word: CaptureState | Failure,
        *,
        connection_id: int = 0,
        timeout_s: float | None = None,
    ) -> v1.EventACK | None:
        """Says what is so now: in answer to an order that the handler returned None for, or on a
        DN of one's own accord. Said again while the broker has no room for it. None: nothing was
        said, because a newer order has its answer, something newer was said, or the recorder is a
        standby. Raises NoAnswer after the deadline, LinkLost, and Refused for all else."""
        dn = about.dn if isinstance(about, Order) else about
        stream = self._streams.get(dn)
        if stream is None:
            raise ValueError(f"about: the DN {dn!r} is not recorded here")
        request = self._request(about, _checked(word), connection_id)
        if request is None:
            return None
        deadline_s = self.connection.deadline_s(timeout_s)
        number, pending = self._begin(stream, request)
        try:
            async with asyncio.timeout(deadline_s):
                return await self._until_said(stream, number, request, pending)
        except TimeoutError as error:
            raise NoAnswer(f"not said within {deadline_s:g} s") from error

    # ---- inside: orders ---------------------------------------------------------------------

    async def _follow(self) -> None:
        """Takes the connection's events until it ends."""
        async for event in self.connection:
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, v1.EventUserEvent):
            dn = event.event.this_dn
            if (stream := self._streams.get(dn)) is not None:
                client_id = self.connection.granted.client_id
                order = self.screens.known(dn).order_in(event, client_id, self._per_call)
                if order is not None:
                    stream.waiting.put(order)
                    self._wake(dn)
        elif isinstance(event, v1.EventUnregistered):
            self._streams.pop(event.this_dn, None)
        elif isinstance(event, v1.EventMissed) and event.this_dn in self._streams:
            self._gaps[event.this_dn] = None
            if self._asker is None or self._asker.done():
                self._asker = self._spawn(self._ask())

    async def _ask(self) -> None:
        """What was missed is in the DN's snapshot. One DN after the other."""
        while self._gaps:
            dn = next(iter(self._gaps))
            del self._gaps[dn]  # a gap from now on is another one
            epoch = self.screens.known(dn).epoch
            snapshot = await self.connection.query_until_known(dn)
            if snapshot is None or dn not in self._streams:
                continue
            if self.screens.known(dn).epoch != epoch:
                self._gaps[dn] = None  # it was reborn meanwhile: which of both this is of?
            else:
                self._take_snapshot(dn, snapshot, registered=False)

    def _take_snapshot(self, dn: str, snapshot: v1.Snapshot, *, registered: bool) -> None:
        stream = self._streams.get(dn)
        if stream is None:
            return
        found = self.screens.known(dn).found_in(
            dn,
            snapshot,
            client_id=self.connection.granted.client_id,
            registered=registered,
            at_work=stream.in_hand is not None or stream.waiting.has_orders,
            per_call=self._per_call,
        )
        for order in found.orders:
            stream.waiting.put(order)
        said = self.screens.state(dn)
        if found.again is not None and said is not None:
            self._say_soon(found.again, said)
        self._wake(dn)

    def _wake(self, dn: str) -> None:
        """Orders wait, or may."""
        stream = self._streams[dn]
        idle = stream.worker is None or stream.worker.done()
        if self._handler is not None and stream.waiting and idle:
            stream.worker = self._spawn(self._work(stream, self._handler))

    async def _work(self, stream: _Stream, handler: OrderHandler) -> None:
        """Gives the program a DN's orders, one after the other, until none waits."""
        while (order := stream.waiting.take()) is not None:
            stream.in_hand = order if order.screen is not None else None
            try:
                word = await handler(order)
                if word is not None:
                    self._say_soon(order, _checked(word))
            except Exception:
                self._say_soon(order, Failure(text="a fault of the recorder's program"))
                raise
            finally:
                stream.in_hand = None

    # ---- inside: words ----------------------------------------------------------------------

    def _request(
        self, about: Order | str, word: CaptureState | Failure, connection_id: int = 0
    ) -> v1.RequestSendEvent | None:
        """How a word is said, now that it is so; None: it is not to be said."""
        if isinstance(about, str):
            if isinstance(word, Failure) and word.state is None:
                raise ValueError("word: a failure without a state answers an order, not a DN")
            self.screens.known(about).take_word(word)
            request = capture_request(about, word, connection_id=connection_id)
            return None if self._standby else request
        if connection_id:
            raise ValueError("connection_id: an order has its own")
        known = self.screens.known(about.dn)
        if not known.take_answer(about, word) or self._standby:
            return None
        if about.screen is None and isinstance(word, Failure):
            if word.state is None:
                return None  # it says nothing of the screen, and there is no order that failed
            word = word.state
        request = capture_request(about.dn, word, connection_id=about.connection_id)
        if about.epoch == known.epoch:
            request.version = about.version
            request.command_id = about.command_id
        if about.verb is Verb.QUERY:
            request.directed_client_id = about.origin_client_id
        return request

    def _say_soon(self, order: Order, word: CaptureState | Failure) -> None:
        """Sends it now, and sees to it that it is said."""
        stream = self._streams.get(order.dn)
        request = self._request(order, word)
        if stream is None or request is None:
            return
        with suppress(LinkLost):  # `run` tells
            number, pending = self._begin(stream, request)
            task = self._spawn(self._until_said(stream, number, request, pending))
            if pending is None:  # one is enough to wait for room: this, the newest
                if stream.unsaid is not None:
                    stream.unsaid.cancel()
                stream.unsaid = task

    def _begin(
        self, stream: _Stream, request: v1.RequestSendEvent
    ) -> tuple[int, Pending | None]:
        """The word's number and, if there was room for it, its request on its way."""
        stream.words += 1
        try:
            return stream.words, self.connection.begin_send(request)
        except WindowFull:
            return stream.words, None

    async def _until_said(
        self, stream: _Stream, number: int, request: v1.RequestSendEvent, pending: Pending | None
    ) -> v1.EventACK | None:
        """Until the broker has it, or a newer word of the DN is said. To say what is so twice does
        no harm."""
        while True:
            try:
                if pending is None:
                    await self.connection.wait_for_room()
                    if stream.words != number:
                        return None
                    pending = self.connection.begin_send(request)
                return await self.connection.end_send(pending)
            except Refused as refused:
                if refused.code == NOT_REGISTERED:
                    return None
                if refused.error.retry_class not in _LATER:
                    raise
                await asyncio.sleep(max(refused.retry_after_s or 0.0, SAY_AGAIN_S))
            except (WindowFull, TimeoutError):
                pass
            pending = None

    def _spawn(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        """A task of this recorder's; what it raises, `run` does."""
        task: asyncio.Task[object] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._look_at)
        return task

    def _look_at(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, LinkLost) and not self._fault.done():
            self._fault.set_exception(error)
            self._fault.exception()  # seen, if nobody runs it


class _Stream:
    """One DN's orders in and words out."""

    def __init__(self, per_call: bool) -> None:
        self.waiting = Waiting(per_call)
        self.in_hand: Order | None = None
        self.worker: asyncio.Task[object] | None = None
        self.words = 0
        """How many were said or are about to be: the number of the newest."""
        self.unsaid: asyncio.Task[object] | None = None
        """The one that waits for room."""


def _checked(word: CaptureState | Failure) -> CaptureState | Failure:
    if not isinstance(word, (CaptureState, Failure)):
        raise TypeError(f"an answer: a CaptureState, a Failure or None, not {word!r}")
    if word is CaptureState.UNKNOWN:
        raise ValueError("an answer: UNKNOWN is the broker's word only; None says nothing")
    return word


async def _end_all(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancels them and waits until they are over."""
    tasks = set(tasks)
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
