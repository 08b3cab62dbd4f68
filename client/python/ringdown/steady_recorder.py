"""A screen recorder that comes back: orders in, indications out."""
from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from types import TracebackType
from typing import Awaitable, Callable, Final, Sequence

from . import _addresses
from ._handlers import HandlerCaller, OrderHandler
from ._recorder_link import RecorderLink
from ._steady import LinkHandler, SteadyLink, closed, refusal_of
from ._work import Work, checked_word, end_all, until_one_ends
from .capture import CaptureState, Failure
from .connection import Connection
from .errors import LinkLost, NoAnswer, NotAllGranted, Refused, RingdownError, WindowFull
from .identity import Identity, Limits
from .orders import Order, Screens
from .reconnect import Place, Reconnect
from .tls import TLS
from .recorder import recorder_identity
from .v1 import ringdown_pb2 as v1

DNS_MAX: Final = 100_000
"""DNs of one recorder."""

HandlerFailed = Callable[[Order, Exception], None]
"""Called on the event loop. What it raises is logged."""

_log: Final = logging.getLogger("ringdown")


class SteadyRecorder:
    """One recorder, on any number of DNs, that connects, registers, and does so again after each
    loss, until `close`. Use it as an async context manager, and `run` it. Not thread-safe.

    Its program gets orders as from a `Recorder`. A lost link interrupts no handler: what it
    returns is said as soon as the registration is there again, and is no second time given to the
    program. Orders that waited then are dropped: what the screen is to be now, the next
    registration tells. Whether to go on recording without a link is the program's decision;
    `on_link` tells it.

    It gives up after a takeover, for coming back would throw out the other in turn, and after a
    sign-on that was refused: `run` raises that LinkLost or Refused.
    """

    def __init__(
        self,
        places: Sequence[Place],
        dns: Sequence[str],
        *,
        standby: bool = False,
        per_call: bool = False,
        screens: Screens | None = None,
        identity: Identity | None = None,
        limits: Limits = Limits(),
        reconnect: Reconnect = Reconnect(),
        on_link: LinkHandler | None = None,
        on_handler_failure: HandlerFailed | None = None,
        tls: TLS | None = None,
    ) -> None:
        """To be called on the event loop. `places`: hosts and ports, tried in turn. `standby`,
        `per_call`, `screens`: as of `Recorder`. `identity`: the same over all links. `on_link`:
        told of each link that stands or is lost. `on_handler_failure`: told what a handler raised;
        its order is said to have failed, and the recorder goes on. `tls`: connects by TLS, to each
        place. Raises TypeError and ValueError."""
        who = recorder_identity(identity, per_call)
        self.screens: Final = Screens() if screens is None else screens
        self.handler_failures = 0
        """How often a handler has raised."""
        self._standby: Final = standby
        self._per_call: Final = per_call
        self._on_handler_failure: Final = on_handler_failure
        self._steady = SteadyLink(places, who, limits, reconnect, on_link, tls)
        self._work = Work(per_call, self._answered, self._handler_failed)
        self._link: RecorderLink | None = None
        self._dns: dict[str, None] = {}  # those that are wished for, in their order
        self._refused: dict[str, v1.EventError] = {}  # for good, on this link
        self._wish = asyncio.Event()  # there is something to register or to end
        self._news = asyncio.Event()  # replaced each time
        self._end: RingdownError | None = None
        self._runner: asyncio.Task[None] | None = None
        self.record(dns)

    async def __aenter__(self) -> SteadyRecorder:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Signs off, and connects no more; handlers at work are cancelled. Never raises for the
        network."""
        try:
            await self._steady.close()
        finally:
            if self._runner is not None:
                await end_all([self._runner])
            await self._work.end()
            self._finish(closed())

    # ---- DNs --------------------------------------------------------------------------------

    def record(self, dns: Sequence[str]) -> None:
        """Registers on these DNs, now and with each link to come. Raises TypeError and ValueError;
        more than 100,000 DNs are too many. Those that the broker refuses: `refused`."""
        wished = _addresses.each_once(dns)
        if len(self._dns.keys() | set(wished)) > DNS_MAX:
            raise ValueError(f"dns: {len(wished)} more, accepted are {DNS_MAX} of one recorder")
        for dn in wished:
            self._dns[dn] = None
            self._refused.pop(dn, None)  # it is asked for again
        self._wish.set()

    def leave(self, dns: Sequence[str]) -> None:
        """Ends registrations and forgets these DNs. What the program is at it finishes, and it is
        not said. Of a DN that is not recorded: nothing."""
        for dn in _addresses.each_once(dns):
            if self._dns.pop(dn, "") is None:
                self._refused.pop(dn, None)
                self._work.drop(dn)
                self.screens.forget(dn)
        self._wish.set()

    @property
    def refused(self) -> dict[str, v1.EventError]:
        """DNs that the broker has refused for good (42, 59, 165): asked for again with the next
        link. A refusal that may pass is asked for again by itself."""
        return dict(self._refused)

    async def wait_until_registered(self, *, timeout_s: float | None = None) -> None:
        """Until each DN is registered. Raises TimeoutError (None: waits as long as it takes);
        NotAllGranted if some were refused for good; Refused if the sign-on was, LinkLost after a
        takeover or `close`."""
        async with asyncio.timeout(timeout_s):
            while not self._is_settled():
                self._check_open()
                await self._news.wait()
        if self._refused:
            raise NotAllGranted(self._refused, [dn for dn in self._dns if dn not in self._refused])

    # ---- orders in, words out ---------------------------------------------------------------

    async def run(self, order: OrderHandler) -> None:
        """Connects, and gives each order to the program, until `close`. `order`: a coroutine
        function, called on the event loop, which it must not block; or a plain function, called on
        a thread (at most 64 at once), which may. What it raises ends nothing. Raises LinkLost after
        a takeover, Refused after a sign-on that was refused. To be called once."""
        if self._runner is not None:
            raise RuntimeError("run: once for each SteadyRecorder")
        self._work.begin(HandlerCaller(order, self._steady.stood_still))
        self._runner = asyncio.create_task(
            self._steady.run(self._serve), name="ringdown steady recorder"
        )
        try:
            await asyncio.wait([self._runner])
            if not self._runner.cancelled():
                self._runner.result()
        except RingdownError as error:
            self._finish(error)
            raise
        finally:
            await end_all([self._runner])
            await self._work.end()

    async def say(
        self,
        about: Order | str,
        word: CaptureState | Failure,
        *,
        connection_id: int = 0,
        timeout_s: float | None = None,
    ) -> v1.EventACK | None:
        """As `Recorder.say`; but without a link it is kept, said with the next registration, and
        None is returned. Raises NoAnswer after the deadline, and Refused."""
        dn = about.dn if isinstance(about, Order) else about
        if dn not in self._dns:
            raise ValueError(f"about: the DN {dn!r} is not recorded here")
        link = self._link
        if link is not None and link.records(dn):
            try:
                return await link.say(about, word, connection_id, timeout_s)
            except LinkLost:
                return None
        self.screens.take(about, checked_word(word))
        return None

    # ---- inside -----------------------------------------------------------------------------

    def _answered(self, order: Order, word: CaptureState | Failure) -> None:
        if self._link is not None and self._link.records(order.dn):
            self._link.say_soon(order, word)
        elif order.dn in self._dns:
            self.screens.take(order, word)

    def _handler_failed(self, order: Order, error: Exception) -> None:
        self.handler_failures += 1
        _log.error("the handler of %s of %s has failed", order.verb.value, order.dn, exc_info=error)
        try:
            if self._on_handler_failure is not None:
                self._on_handler_failure(order, error)
        except Exception:
            _log.exception("on_handler_failure has failed")

    def _said_in_vain(self, error: BaseException) -> None:
        _log.error("a word was refused: %s", error)

    async def _serve(self, connection: Connection, restarted: bool) -> None:
        if restarted:
            self.screens.restart()
        link = RecorderLink(
            connection,
            self.screens,
            self._work,
            standby=self._standby,
            per_call=self._per_call,
            fault=self._said_in_vain,
            ended=self._ended_by_broker,
        )
        self._link = link
        self._refused.clear()
        try:
            await until_one_ends(link.follow(), self._keep_registered(link))
        finally:
            self._link = None
            self._work.drop_waiting()
            await link.end()

    async def _keep_registered(self, link: RecorderLink) -> None:
        """Brings the registrations to what is wished for, whenever that or they change."""
        at_most = link.connection.granted.dns_per_request_max
        again_at: dict[str, float] = {}  # DNs whose refusal may pass, on the loop's clock
        now = asyncio.get_running_loop().time
        while True:
            self._wish.clear()
            left = [dn for dn in link.dns if dn not in self._dns]
            missing = [
                dn
                for dn in self._dns
                if not link.records(dn)
                and dn not in self._refused
                and again_at.get(dn, 0.0) <= now()
            ]
            for dn in missing:
                again_at.pop(dn, None)
            for part in _addresses.parts_of(left, at_most) if left else []:
                await self._ask(link.leave(part), part, again_at)
            for part in _addresses.parts_of(missing, at_most) if missing else []:
                await self._ask(link.record(part), part, again_at)
            self._tell()
            if self._is_settled():
                await self._steady.stand()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(again_at.values(), default=None)):
                    await self._wish.wait()

    async def _ask(
        self, asking: Awaitable[None], dns: Sequence[str], again_at: dict[str, float]
    ) -> None:
        """Asks about these DNs, and notes which are to be asked about again and when."""
        errors: dict[str, RingdownError] = {}
        try:
            await asking
        except NotAllGranted as some:
            errors.update((dn, Refused(one)) for dn, one in some.refused.items())
        except (NoAnswer, WindowFull) as of_all:
            errors.update((dn, of_all) for dn in dns)
        for dn, error in errors.items():
            wait_s = self._steady.registers_again_in_s(error)
            if wait_s is not None:
                again_at[dn] = asyncio.get_running_loop().time() + wait_s
            elif dn in self._dns and isinstance(error, Refused):
                self._refused[dn] = error.error

    def _ended_by_broker(self, event: v1.EventUnregistered) -> None:
        refusal = refusal_of(event)
        if self._steady.registers_again_in_s(Refused(refusal)) is None:
            self._refused[event.this_dn] = refusal
        self._wish.set()

    def _is_settled(self) -> bool:
        link = self._link
        return link is not None and all(
            link.is_registered(dn) or dn in self._refused for dn in self._dns
        )

    def _check_open(self) -> None:
        if isinstance(self._end, LinkLost):
            raise self._end.of_request(sent=False)
        if self._end is not None:
            raise self._end.with_traceback(None)

    def _finish(self, error: RingdownError) -> None:
        if self._end is None:
            self._end = error
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
