"""A link that is made again after each loss. Internal: what the steady parties have in common."""
from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass
from typing import Awaitable, Callable, Final, Sequence, Union

from ._renewal import keep_renewed
from ._work import until_one_ends
from .connection import Connection
from .errors import LinkLost, NoAnswer, Refused, RingdownError, WindowFull
from .identity import Identity, Limits
from .reasons import DisconnectReason
from .reconnect import Place, Reconnect, ReconnectPlan
from .tls import TLS
from .v1 import ringdown_pb2 as v1

REGISTER_AGAIN_S: Final = 1.0
"""Until a registration is asked for again that had no answer, or a refusal that may pass. A broker
may ask for longer, up to `Reconnect.retry_after_max_s`."""

NOT_SIGNED_ON: Final = 217
"""Said by a broker that has not seen the sign-on yet, of what follows it."""

BROKER_FAULT: Final = 52
"""A fault of the broker's own, which passes."""

_MAY_PASS: Final = (v1.RETRY_CLASS_OVERLOADED, v1.RETRY_CLASS_UNKNOWN_OUTCOME)
_log: Final = logging.getLogger("ringdown")


@dataclass(frozen=True, slots=True)
class LinkChange:
    """What has become of a steady party's link."""

    stands: bool
    """It is signed on, and each DN registered, or refused for good. False: it is lost, or could not
    be made."""
    place: Place
    error: RingdownError | None = None
    """Why it does not stand."""
    retry_in_s: float | None = None
    """Until the next attempt. None: it stands, or is given up."""
    broker_restarted: bool = False
    """It stands with another broker process than before: that one remembers nothing."""


LinkHandler = Callable[[LinkChange], Union[Awaitable[None], None]]
"""A function or a coroutine function, called on the event loop, which it must not block. The next
attempt to connect waits until it is done: a recorder that is to record nothing without a link stops
here. What it raises is logged."""


class SteadyLink:
    """Connects to one place after the other, signs on, and gives the connection to `serve`, until
    `close`."""

    def __init__(
        self,
        places: Sequence[Place],
        identity: Identity,
        limits: Limits,
        reconnect: Reconnect,
        on_link: LinkHandler | None,
        tls: TLS | None,
    ) -> None:
        if not places:
            raise ValueError("places: at least one (host, port)")
        self._places: Final = list(places)
        self._identity: Final = identity
        self._limits: Final = limits
        self._reconnect: Final = reconnect
        self._on_link: Final = on_link
        self._tls: Final = tls
        self._plan: Final = ReconnectPlan(len(self._places), reconnect)
        self._connection: Connection | None = None
        self._broker = 0  # the instance of the last one
        self._about_to_stand: LinkChange | None = None
        self._closing = False

    async def run(self, serve: Callable[[Connection, bool], Awaitable[None]]) -> None:
        """Until `close`. `serve` gets each connection, and whether the broker has restarted; it
        ends when the link does, and raises its LinkLost. Raises the reason if it gives up: a
        takeover (LinkLost) or a sign-on that was refused (Refused)."""
        loop = asyncio.get_running_loop()
        while not self._closing:
            place = self._places[self._plan.place]
            try:
                await self._once(place, serve)
            except (LinkLost, Refused) as error:
                if self._closing:
                    return
                if self._reconnect.gives_up(error):
                    await self._tell(LinkChange(False, place, error))
                    raise
                asked_s = error.retry_after_s
                at = loop.time()
                due = self._plan.after_failure(at, random.random(), asked_s)
                await self._tell(LinkChange(False, place, error, due - at))
                await asyncio.sleep(due - loop.time())

    async def stand(self) -> None:
        """For `serve`: the connection's DNs are registered, or refused. Told once of each."""
        change, self._about_to_stand = self._about_to_stand, None
        if change is not None:
            await self._tell(change)

    async def close(self) -> None:
        """Signs off, if the link stands. Never raises for the network. The task that runs is then
        to be cancelled: it may be waiting."""
        self._closing = True
        if self._connection is not None:
            await self._connection.sign_off()

    def stood_still(self, seconds: float, by: str) -> None:
        """As `Connection.stood_still`."""
        if self._connection is not None:
            self._connection.stood_still(seconds, by)

    def registers_again_in_s(self, error: RingdownError) -> float | None:
        """Until a registration is asked for again that ended so; None: not on this link."""
        if isinstance(error, Refused):
            if error.error.retry_class not in _MAY_PASS and error.code != NOT_SIGNED_ON:
                return None
            asked_s = min(error.retry_after_s or 0.0, self._reconnect.retry_after_max_s)
            return max(asked_s, REGISTER_AGAIN_S)
        return REGISTER_AGAIN_S if isinstance(error, (NoAnswer, WindowFull)) else None

    async def _once(
        self, place: Place, serve: Callable[[Connection, bool], Awaitable[None]]
    ) -> None:
        host, port = place
        opening = Connection.open(host, port, self._identity, self._limits, tls=self._tls)
        async with await opening as connection:
            self._plan.link_stands(asyncio.get_running_loop().time())
            broker = connection.granted.server_instance
            restarted = self._broker not in (0, broker)
            self._broker = broker
            self._connection = connection
            self._about_to_stand = LinkChange(True, place, broker_restarted=restarted)
            try:
                await until_one_ends(
                    _await(serve(connection, restarted)), keep_renewed(connection, self._identity)
                )
            finally:
                self._connection = self._about_to_stand = None
        if not self._closing:
            raise LinkLost("the broker signed it off unasked")

    async def _tell(self, change: LinkChange) -> None:
        if change.error is not None:
            wait_s = change.retry_in_s
            when = "given up" if wait_s is None else f"again in {wait_s:.3f} s"
            _log.info("%s:%d: %s, %s", *change.place, change.error, when)
        try:
            told = None if self._on_link is None else self._on_link(change)
            if told is not None:
                await told
        except Exception:
            _log.exception("on_link has failed")


async def _await(work: Awaitable[None]) -> None:
    await work


def no_link() -> LinkLost:
    """Nothing was sent."""
    return LinkLost("there is no link now: it is tried again")


def closed() -> LinkLost:
    """The program has closed it."""
    return LinkLost("signed off", reason=DisconnectReason.SIGNED_OFF)


def refusal_of(event: v1.EventUnregistered) -> v1.EventError:
    """Why the broker has ended a registration unasked, as if it had refused it."""
    passes = event.error_code == BROKER_FAULT
    return v1.EventError(
        error_code=event.error_code,
        text=event.text,
        this_dn=event.this_dn,
        retry_class=v1.RETRY_CLASS_UNKNOWN_OUTCOME if passes else v1.RETRY_CLASS_FAILED,
    )
