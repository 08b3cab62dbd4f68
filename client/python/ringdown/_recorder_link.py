"""A recorder on one link: registrations, orders in, words out. Internal."""
from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Callable, Coroutine, Final, Sequence

from . import _addresses
from ._events import Event
from ._requests import Pending
from ._work import Word, Work, checked_word, end_all
from .capture import Failure, Verb, capture_request
from .connection import NOT_REGISTERED, Connection
from .errors import LinkLost, NoAnswer, NotAllGranted, Refused, WindowFull
from .orders import Order, Screens
from .v1 import ringdown_pb2 as v1

SAY_AGAIN_S: Final = 0.1
"""Until a word that the broker had no room for is said again, unless it asks for longer."""

_LATER: Final = (v1.RETRY_CLASS_OVERLOADED, v1.RETRY_CLASS_UNKNOWN_OUTCOME)


class RecorderLink:
    """Takes the connection's events and gives the orders among them to `work`. `fault` gets what
    is wrong and no loss of the link: a word that was refused for good. `ended` gets each
    registration that the broker ends unasked."""

    def __init__(
        self,
        connection: Connection,
        screens: Screens,
        work: Work,
        *,
        standby: bool,
        per_call: bool,
        fault: Callable[[BaseException], None],
        ended: Callable[[v1.EventUnregistered], None],
    ) -> None:
        self.connection: Final = connection
        self._screens: Final = screens
        self._work: Final = work
        self._standby: Final = standby
        self._per_call: Final = per_call
        self._fault: Final = fault
        self._ended: Final = ended
        self._words: dict[str, _Words] = {}
        self._gaps: dict[str, None] = {}  # DNs to ask about, in their order
        self._asker: asyncio.Task[object] | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def dns(self) -> Sequence[str]:
        """Those that it is registered on, or about to be."""
        return list(self._words)

    def records(self, dn: str) -> bool:
        """Whether that is one of them."""
        return dn in self._words

    def is_registered(self, dn: str) -> bool:
        """Whether the broker has said so."""
        return dn in self._words and self._words[dn].is_registered

    async def end(self) -> None:
        """Nothing is asked or said any more."""
        await end_all(self._tasks)

    # ---- DNs --------------------------------------------------------------------------------

    async def record(self, dns: Sequence[str], *, timeout_s: float | None = None) -> None:
        """Registers on these DNs, or again. Raises as `Connection.register` does; those DNs that
        were granted are recorded."""
        before = set(self._words)
        for dn in _addresses.each_once(dns):
            # What is heard before the answer is seen counts.
            self._words.setdefault(dn, _Words())
            self._work.add(dn)
        snapshots: dict[str, v1.Snapshot] = {}
        try:
            snapshots = await self.connection.register(
                dns, standby=self._standby, timeout_s=timeout_s
            )
        except NotAllGranted as error:
            snapshots = error.snapshots
            raise
        finally:
            for dn in set(self._words) - before - snapshots.keys():
                self._drop(dn)
            for dn, snapshot in snapshots.items():
                self._take_snapshot(dn, snapshot, registered=True)

    async def leave(self, dns: Sequence[str], *, timeout_s: float | None = None) -> None:
        """Ends registrations and forgets these DNs. Raises as `Connection.unregister` does."""
        await self.connection.unregister(dns, timeout_s=timeout_s)
        for dn in dns:
            self._drop(dn)
            self._screens.forget(dn)

    def _drop(self, dn: str) -> None:
        self._words.pop(dn, None)
        self._work.drop(dn)

    # ---- orders in --------------------------------------------------------------------------

    async def follow(self) -> None:
        """Takes the connection's events until it ends; raises LinkLost, but for a sign-off."""
        async for event in self.connection:
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, v1.EventUserEvent):
            dn = event.event.this_dn
            if dn in self._words:
                client_id = self.connection.granted.client_id
                order = self._screens.known(dn).order_in(event, client_id, self._per_call)
                if order is not None:
                    self._work.put([order])
        elif isinstance(event, v1.EventUnregistered):
            if event.this_dn in self._words:
                self._drop(event.this_dn)
                self._ended(event)
        elif isinstance(event, v1.EventMissed) and event.this_dn in self._words:
            self._gaps[event.this_dn] = None
            if self._asker is None or self._asker.done():
                self._asker = self._spawn(self._ask())

    async def _ask(self) -> None:
        """What was missed is in the DN's snapshot. One DN after the other."""
        while self._gaps:
            dn = next(iter(self._gaps))
            del self._gaps[dn]  # a gap from now on is another one
            epoch = self._screens.known(dn).epoch
            snapshot = await self.connection.query_until_known(dn)
            if snapshot is None or dn not in self._words:
                continue
            if self._screens.known(dn).epoch != epoch:
                self._gaps[dn] = None  # it was reborn meanwhile: which of both this is of?
            else:
                self._take_snapshot(dn, snapshot, registered=False)

    def _take_snapshot(self, dn: str, snapshot: v1.Snapshot, *, registered: bool) -> None:
        if dn not in self._words:
            return
        self._words[dn].is_registered = True
        found = self._screens.known(dn).found_in(
            dn,
            snapshot,
            client_id=self.connection.granted.client_id,
            registered=registered,
            at_work=self._work.is_at_work(dn),
            per_call=self._per_call,
        )
        said = self._screens.state(dn)
        if found.again is not None and said is not None:
            self.say_soon(found.again, said)
        if found.until_then and said is not None and self._words[dn].count == 0:
            self.say_soon(dn, said)
        self._work.put(found.orders)

    # ---- words out --------------------------------------------------------------------------

    async def say(
        self, about: Order | str, word: Word, connection_id: int, timeout_s: float | None
    ) -> v1.EventACK | None:
        """As `Recorder.say`."""
        dn = about.dn if isinstance(about, Order) else about
        words = self._words.get(dn)
        if words is None:
            raise ValueError(f"about: the DN {dn!r} is not recorded here")
        request = self._request(about, checked_word(word), connection_id)
        if request is None:
            return None
        deadline_s = self.connection.limits.deadline_s(timeout_s)
        number, pending = self._begin(words, request)
        try:
            async with asyncio.timeout(deadline_s):
                return await self._until_said(words, number, request, pending)
        except TimeoutError as error:
            raise NoAnswer(f"not said within {deadline_s:g} s") from error

    def say_soon(self, about: Order | str, word: Word) -> None:
        """Sends it now, and sees to it that it is said. Of a DN: it answers nothing."""
        words = self._words.get(about.dn if isinstance(about, Order) else about)
        request = self._request(about, word)
        if words is None or request is None:
            return
        with suppress(LinkLost):  # `follow` tells
            number, pending = self._begin(words, request)
            task = self._spawn(self._until_said(words, number, request, pending))
            if pending is None:  # one is enough to wait for room: this, the newest
                if words.unsaid is not None:
                    words.unsaid.cancel()
                words.unsaid = task

    def _request(
        self, about: Order | str, word: Word, connection_id: int = 0
    ) -> v1.RequestSendEvent | None:
        """How a word is said, now that it is so; None: it is not to be said."""
        if isinstance(about, str):
            request = capture_request(about, word, connection_id=connection_id)
            self._screens.take(about, word)
            return None if self._standby else request
        if connection_id:
            raise ValueError("connection_id: an order has its own")
        if not self._screens.take(about, word) or self._standby:
            return None
        if about.screen is None and isinstance(word, Failure):
            if word.state is None:
                return None  # it says nothing of the screen, and there is no order that failed
            word = word.state
        request = capture_request(about.dn, word, connection_id=about.connection_id)
        # Of a DN that was reborn, or of a connection that is lost, the broker refuses the version.
        ours = about.for_client_id in (0, self.connection.granted.client_id)
        if ours and about.epoch == self._screens.known(about.dn).epoch:
            request.version = about.version
            request.command_id = about.command_id
        if about.verb is Verb.QUERY:
            request.directed_client_id = about.origin.client_id
        return request

    def _begin(self, words: _Words, request: v1.RequestSendEvent) -> tuple[int, Pending | None]:
        """The word's number and, if there was room for it, its request on its way."""
        words.count += 1
        try:
            return words.count, self.connection.begin_send(request)
        except WindowFull:
            return words.count, None

    async def _until_said(
        self, words: _Words, number: int, request: v1.RequestSendEvent, pending: Pending | None
    ) -> v1.EventACK | None:
        """Until the broker has it, or a newer word of the DN is said. To say what is so twice does
        no harm."""
        while True:
            try:
                if pending is None:
                    await self.connection.wait_for_room()
                    if words.count != number:
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
        task: asyncio.Task[object] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._look_at)
        return task

    def _look_at(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, LinkLost):
            self._fault(error)


class _Words:
    """What one DN is told."""

    def __init__(self) -> None:
        self.count = 0
        """How many were said or are about to be: the number of the newest."""
        self.unsaid: asyncio.Task[object] | None = None
        """The one that waits for room."""
        self.is_registered = False
