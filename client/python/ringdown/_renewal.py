"""Renews the credentials of a link that stands, before the broker lets them expire. Internal."""
from __future__ import annotations

import asyncio
import logging
from typing import Final

from .connection import Connection
from .errors import LinkLost, NoAnswer, Refused, WindowFull
from .identity import Identity

MARGIN_S: Final = 10.0
"""They are renewed at 80 % of the time that is left to them, and at least so long before they
expire: some round trips, and a clock that drifts."""
RETRY_S: Final = 5.0
"""After a renewal, or one that has failed, the next is not asked for sooner."""
REFUSALS_MAX: Final = 2
"""After so many the credentials do not become right by repetition: the broker ends the link, and
the next one's are asked for anew."""
BAD_CREDENTIALS: Final = 119
"""The broker has looked at them. Any other code says nothing of them: it has no time, or ends."""
RETRY_AFTER_MAX_S: Final = 60.0
"""A broker that asks for a longer wait is not waited for: the credentials would expire."""
AHEAD_MAX_S: Final = 366 * 24 * 3600.0
"""Further ahead nothing is planned."""

_log: Final = logging.getLogger("ringdown")


class RenewalPlan:
    """When to renew. Pure: `at` is any clock in seconds that does not go back."""

    def __init__(self, at: float, broker_time_us: int, expire_time_us: int) -> None:
        """The broker's clock at that time, and by it the end of the credentials; 0: they have
        none."""
        self._at = at
        self._broker_time_us = broker_time_us
        self._refusals = 0
        self._expire: float | None = None
        self._set(expire_time_us)
        self.next: float | None = None
        """When the next is due; None: there will be none."""
        if self._expire is not None:
            # The first may be due at once.
            left_s = self._expire - at
            self.next = max(at, min(at + 0.8 * left_s, self._expire - MARGIN_S))

    def renewed(self, at: float, expire_time_us: int) -> None:
        """The broker has taken them."""
        self._refusals = 0
        self._set(expire_time_us)
        self._plan(at)

    def refused(self, at: float) -> None:
        """It has not: they are no good (119)."""
        self._refusals += 1
        self._plan(at)

    def not_sent(self, at: float) -> None:
        """There were none, or no room for them, or no answer."""
        self._plan(at)

    def not_looked_at(self, at: float, retry_after_s: float | None) -> None:
        """The broker had another reason, and perhaps said when to come again."""
        self.next = at + max(RETRY_S, min(retry_after_s or 0.0, RETRY_AFTER_MAX_S))

    def _set(self, expire_time_us: int) -> None:
        self._expire = None
        if expire_time_us:
            left_s = (expire_time_us - self._broker_time_us) / 1e6
            self._expire = self._at + min(max(left_s, 0.0), AHEAD_MAX_S)

    def _plan(self, at: float) -> None:
        self.next = None
        if self._expire is not None and self._refusals < REFUSALS_MAX:
            most = min(at + 0.8 * (self._expire - at), self._expire - MARGIN_S)
            self.next = max(most, at + RETRY_S)


async def keep_renewed(connection: Connection, identity: Identity) -> None:
    """As long as the link stands. What goes wrong, the logger `ringdown` tells; the link is none
    the worse for it."""
    loop = asyncio.get_running_loop()
    granted = connection.granted
    plan = RenewalPlan(loop.time(), granted.time_us, granted.credentials_expire_time_us)
    while callable(identity.credentials) and plan.next is not None:
        await asyncio.sleep(plan.next - loop.time())
        try:
            ack = await connection.renew_credentials(await identity.current_credentials())
            plan.renewed(loop.time(), ack.credentials_expire_time_us)
        except Refused as error:
            if error.code == BAD_CREDENTIALS:
                plan.refused(loop.time())
            else:
                plan.not_looked_at(loop.time(), error.retry_after_s)
            _log.warning("credentials not renewed: %s", error)
        except (NoAnswer, WindowFull) as error:
            plan.not_sent(loop.time())
            _log.warning("credentials not renewed: %s", error)
        except LinkLost as error:
            if not connection.is_open:
                return
            plan.not_sent(loop.time())
            _log.warning("credentials not renewed: %s", error)
    await asyncio.get_running_loop().create_future()  # until whoever serves the link ends it
