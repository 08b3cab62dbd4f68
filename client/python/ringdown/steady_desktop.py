"""An agent's desktop that comes back: commands out, the light in."""
from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Sequence

from ._desktop_base import DesktopBase
from ._requests import Pending
from ._steady import LinkHandler, SteadyLink, closed, no_link, refusal_of
from ._work import end_all, until_one_ends
from .connection import Connection
from .errors import LinkLost, NoAnswer, Refused, RingdownError, WindowFull
from .identity import Identity, Limits
from .reconnect import Place, Reconnect
from .tls import TLS
from .v1 import ringdown_pb2 as v1


@dataclass(slots=True, eq=False)
class _Sending:
    """A command that waits for its answer."""

    request: v1.RequestSendEvent
    connection: Connection
    pending: Pending
    """On that connection."""


class SteadyDesktop(DesktopBase):
    """The desktop of one agent, on one DN, that connects, registers, and does so again after each
    loss, until `close`. Use it as an async context manager. Not thread-safe.

    It is as a `Desktop` beside that. The light is UNKNOWN as soon as the link is lost, and again
    what is so once the registration is there. While there is none a command raises LinkLost and
    nothing is sent: it is refused, not queued. One whose answer was lost with the link is sent
    again, within its `timeout_s`, under its command id, behind the registration and before anything
    newer: the broker does it once. `query` is not.

    It gives up after a takeover, for coming back would throw out the other in turn, and after a
    sign-on that was refused: from then on all calls raise that LinkLost or Refused.
    """

    def __init__(
        self,
        places: Sequence[Place],
        dn: str,
        *,
        agent_id: str = "",
        identity: Identity | None = None,
        limits: Limits = Limits(),
        reconnect: Reconnect = Reconnect(),
        on_link: LinkHandler | None = None,
        tls: TLS | None = None,
    ) -> None:
        """Begins to connect; to be called on the event loop. `places`: hosts and ports, tried in
        turn. `agent_id`: whose hand it is, for all commands. `identity`: the same over all links.
        `on_link`: told of each link that stands or is lost. `tls`: connects by TLS, to each place.
        Raises TypeError and ValueError."""
        super().__init__(dn, agent_id, limits)
        who = identity or Identity(v1.ROLE_DESKTOP)
        self._link = SteadyLink(places, who, limits, reconnect, on_link, tls)
        self._connection: Connection | None = None  # if it is registered
        self._refused: Refused | None = None
        self._ended_by_broker = asyncio.Event()  # the registration
        self._sending: dict[int, _Sending] = {}  # in their order
        self._runner = asyncio.create_task(self._run(), name="ringdown steady desktop")

    async def __aenter__(self) -> SteadyDesktop:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Signs off, and connects no more. Never raises for the network."""
        try:
            await self._link.close()
        finally:
            await end_all([self._runner])
            self._give_up(closed())
            await self._stop_looking()
        if not self._runner.cancelled():
            self._runner.result()  # a fault of this library's own is not kept quiet

    @property
    def is_registered(self) -> bool:
        """Whether commands can be sent now, and the light is told."""
        return self._connection is not None and self._connection.is_open

    async def wait_until_registered(self, *, timeout_s: float | None = None) -> None:
        """Until commands can be sent. Raises TimeoutError (None: waits as long as it takes);
        Refused if the DN is refused (42, 59, 165) or the sign-on was, LinkLost after a takeover or
        `close`."""
        async with asyncio.timeout(timeout_s):
            await self._panel.until(self._found_registered)

    # ---- inside: the link -------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._link.run(self._serve)
        except (LinkLost, Refused) as error:
            self._give_up(error)
        except Exception:
            self._give_up(LinkLost("a fault of this library's own"))
            raise  # `close` does

    def _give_up(self, error: RingdownError) -> None:
        self._owed.end()
        self._panel.end(error)

    async def _serve(self, connection: Connection, restarted: bool) -> None:
        if restarted:
            self._owed.restart()
        try:
            await until_one_ends(self._follow(connection), self._keep_registered(connection))
        finally:
            self._connection = self._refused = None
            self._panel.lose()
            await self._stop_looking()

    async def _follow(self, connection: Connection) -> None:
        async for event in connection:
            self._take(event)

    async def _keep_registered(self, connection: Connection) -> None:
        """Registers, and again whenever the broker has ended it."""
        while True:
            self._ended_by_broker.clear()
            try:
                snapshots = await connection.register([self.dn])
            except (Refused, NoAnswer, WindowFull) as error:
                again_in_s = self._link.registers_again_in_s(error)
                if again_in_s is not None:
                    await asyncio.sleep(again_in_s)
                    continue
                self._refuse(error)
            else:
                self._panel.register(snapshots[self.dn])
                self._owed.register(snapshots[self.dn])
                self._renew_later()
                await self._send_again(connection)
                self._connection = connection
                self._panel.tell()
            await self._link.stand()
            await self._ended_by_broker.wait()

    def _refuse(self, error: RingdownError) -> None:
        """This link stays without the registration."""
        self._refused = error if isinstance(error, Refused) else None
        self._panel.tell()

    def _unregistered(self, event: v1.EventUnregistered) -> None:
        super()._unregistered(event)
        self._connection = None
        error = Refused(refusal_of(event))
        if self._link.registers_again_in_s(error) is None:
            self._refuse(error)
        else:
            self._ended_by_broker.set()

    def _found_registered(self) -> bool | None:
        if self._refused is not None:
            raise self._refused.with_traceback(None)
        return self.is_registered or None

    # ---- inside: commands -------------------------------------------------------------------

    def _registered(self) -> Connection:
        self._panel.check_open()
        if self._connection is None or not self._connection.is_open:
            raise no_link() if self._refused is None else self._refused.with_traceback(None)
        return self._connection

    async def _send(self, request: v1.RequestSendEvent, timeout_s: float | None) -> v1.EventACK:
        deadline_s = self._limits.deadline_s(timeout_s)
        connection = self._registered()
        one = _Sending(request, connection, connection.begin_send(request))
        self._sending[id(one)] = one
        try:
            async with asyncio.timeout(deadline_s):
                return await self._answer(one)
        except NoAnswer:
            raise
        except TimeoutError as error:
            raise NoAnswer(f"no event_ack within {deadline_s:g} s") from error
        finally:
            del self._sending[id(one)]

    async def _answer(self, one: _Sending) -> v1.EventACK:
        """Over as many links as it takes; the deadline is the caller's."""
        first = one.pending
        while True:
            on_its_way = one.pending
            try:
                return await one.connection.end_send(on_its_way, timeout_s=float("inf"))
            except LinkLost:
                await self._panel.until(
                    lambda: one.pending is not on_its_way or None, sent=True
                )
            except Refused as refused:
                if on_its_way is first:
                    raise
                raise Refused(refused.error, sent_before=True) from None

    async def _send_again(self, connection: Connection) -> None:
        """What was sent over a link that is lost, before anything newer can be."""
        for one in list(self._sending.values()):
            if one.connection is connection:
                continue  # its answer is still to come
            one.request.retry = True
            while id(one) in self._sending:
                try:
                    one.pending = connection.begin_send(one.request)
                    one.connection = connection
                    break
                except WindowFull:
                    await connection.wait_for_room(timeout_s=float("inf"))
        self._panel.tell()
