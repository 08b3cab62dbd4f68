"""A screen recorder on one link: orders in, indications out."""
from __future__ import annotations

import asyncio
from dataclasses import replace
from types import TracebackType
from typing import Final, Sequence

from ._handlers import HandlerCaller, OrderHandler
from ._recorder_link import RecorderLink
from ._work import Work, end_all
from .capture import CaptureState, Failure
from .connection import Connection
from .identity import Identity, Limits
from .orders import Order, Screens
from .tls import TLS
from .v1 import ringdown_pb2 as v1


class Recorder:
    """One recorder, on any number of DNs, until its link ends. `SteadyRecorder` comes back. Use it
    as an async context manager, and `run` it. Not thread-safe.

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
        self._work = Work(per_call, self._answered, self._handler_failed)
        self._link = RecorderLink(
            connection,
            self.screens,
            self._work,
            standby=standby,
            per_call=per_call,
            fault=self._failed,
            ended=lambda event: None,  # its orders have ended with it
        )
        self._runs = False
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
        tls: TLS | None = None,
    ) -> Recorder:
        """Connects, signs on and registers. `standby`: gets all orders, says nothing, and does not
        count as active. `per_call`: it records calls apart, and `connection_id` tells which; of
        all others there is one screen. `screens`: those of the connection before. `tls`: by TLS.
        Raises as `Connection.open` and `register` do."""
        who = recorder_identity(identity, per_call)
        connection = await Connection.open(host, port, who, limits, tls=tls)
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
            await self._end()

    # ---- DNs --------------------------------------------------------------------------------

    async def record(self, dns: Sequence[str], *, timeout_s: float | None = None) -> None:
        """Registers on these DNs, or again. Raises as `Connection.register` does; those DNs that
        were granted are recorded."""
        await self._link.record(dns, timeout_s=timeout_s)

    async def leave(self, dns: Sequence[str], *, timeout_s: float | None = None) -> None:
        """Ends registrations and forgets these DNs. What the program is at it finishes, and it is
        not said. Raises as `Connection.unregister` does."""
        await self._link.leave(dns, timeout_s=timeout_s)

    # ---- orders in, words out ---------------------------------------------------------------

    async def run(self, order: OrderHandler) -> None:
        """Gives each order to the program, until `close`; raises LinkLost if the link ended
        otherwise. `order`: a coroutine function, called on the event loop, which it must not
        block; or a plain function, called on a thread (at most 64 at once), which may. If it
        raises, the order is said to have failed, and `run` raises the same. Coroutines that are at
        work at the end are cancelled; a plain function ends by itself, unheard. To be called
        once."""
        if self._runs:
            raise RuntimeError("run: once for each Recorder")
        self._runs = True
        self._work.begin(HandlerCaller(order, self.connection.stood_still))
        follower = asyncio.create_task(self._link.follow(), name="ringdown orders")
        waits: set[asyncio.Future[None]] = {follower, self._fault}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if self._fault.done():
                self._fault.result()
            follower.result()
        finally:
            await end_all([follower])
            await self._end()

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
        return await self._link.say(about, word, connection_id, timeout_s)

    # ---- inside -----------------------------------------------------------------------------

    def _answered(self, order: Order, word: CaptureState | Failure) -> None:
        self._link.say_soon(order, word)

    def _handler_failed(self, order: Order, error: Exception) -> None:
        self._failed(error)

    def _failed(self, error: BaseException) -> None:
        """`run` raises the first."""
        if not self._fault.done():
            self._fault.set_exception(error)
            self._fault.exception()  # seen, if nobody runs it

    async def _end(self) -> None:
        await self._work.end()
        await self._link.end()


def recorder_identity(identity: Identity | None, per_call: bool) -> Identity:
    """Who a recorder signs on as. Raises ValueError for another role."""
    who = identity or Identity(v1.ROLE_RECORDER)
    if who.role != v1.ROLE_RECORDER:
        raise ValueError(f"identity: role {who.role}, accepted is ROLE_RECORDER")
    if not per_call:
        return who
    return replace(who, capabilities=[*who.wanted_capabilities(), v1.CAPABILITY_PER_CALL])
