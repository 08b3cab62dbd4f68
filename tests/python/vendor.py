"""A plain recorder as a vendor might write it from docs/recorder.md alone, without the recorders of
this project; and what a worse vendor might make of it."""
from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from harness import PATIENCE_S, Place
from ringdown import (
    CaptureState,
    Connection,
    Failure,
    Identity,
    Limits,
    RingdownError,
    Verb,
    capture_request,
    screen_capture,
    v1,
)

DN: Final = "7001"
PATIENT = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)
AGAIN_S: Final = 0.05
"""Between two attempts to connect."""
MOMENT_S: Final = 0.02


@dataclass(kw_only=True)
class Habits:
    """Of a good one, unless a test says otherwise."""

    role: v1.Role = v1.ROLE_RECORDER
    standby: bool = False
    first_word: CaptureState = CaptureState.DISABLED
    comes_back: bool = True
    records_without_link: bool = False
    """And says so when it is back, whatever it was told before."""
    answers_queries: bool = True
    repeats_itself: bool = True
    """False: an order that is done already is not answered."""
    resumes_after_s: float | None = None
    """Goes on recording by itself when it was paused for so long."""
    one_call: bool = False
    """Fails the start of a second call while it records."""
    orders_at_once_max: int | None = None
    """Drops what comes behind so many orders without a moment between them."""
    drops_older_than_s: float | None = None
    """An order that was so long on its way is nothing to it."""
    capabilities: list[v1.Capability] = field(default_factory=list)


class Vendor:
    def __init__(self, place: Place, habits: Habits) -> None:
        self._place: Final = place
        self._habits: Final = habits
        self._is = habits.first_word
        self._drifting: asyncio.Task[None] | None = None
        self._at_once = 0
        self._last_order = 0.0

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            await self._one_link()
            while self._habits.comes_back:
                if self._habits.records_without_link:
                    self._is = CaptureState.ENABLED
                await asyncio.sleep(AGAIN_S)
                await self._one_link()
        finally:
            await self._calm_down()

    async def _one_link(self) -> None:
        """Until it ends."""
        who = Identity(self._habits.role, "vendor", capabilities=self._habits.capabilities)
        with suppress(OSError, RingdownError):
            opening = Connection.open(self._place.host, self._place.port, who, PATIENT)
            async with await opening as link:
                await link.register([DN], standby=self._habits.standby)
                await self._say(link)
                async for event in link:
                    await self._calm_down()
                    if isinstance(event, v1.EventUserEvent):
                        await self._take(link, event)
                    self._drifting = asyncio.create_task(self._drift(link))
        await self._calm_down()

    async def _take(self, link: Connection, event: v1.EventUserEvent) -> None:
        verb = screen_capture(event.event)
        if not isinstance(verb, Verb):
            return
        before = self._is
        if verb is not Verb.QUERY and self._is_too_much(event):
            return
        if verb is Verb.START and self._is is CaptureState.ENABLED and self._habits.one_call:
            await link.send(capture_request(DN, Failure(2, "one call at a time")))
            return
        if verb is Verb.QUERY and not self._habits.answers_queries:
            return
        if verb is not Verb.QUERY:
            self._is = CaptureState.of(event.desired)
        if verb is Verb.QUERY or self._is is not before or self._habits.repeats_itself:
            await self._say(link)

    def _is_too_much(self, event: v1.EventUserEvent) -> bool:
        now = asyncio.get_running_loop().time()
        self._at_once = self._at_once + 1 if now - self._last_order < MOMENT_S else 1
        self._last_order = now
        most, oldest = self._habits.orders_at_once_max, self._habits.drops_older_than_s
        if most is not None and self._at_once > most:
            return True
        return oldest is not None and time.time() - event.time_us / 1e6 > oldest

    async def _drift(self, link: Connection) -> None:
        if self._habits.resumes_after_s is not None and self._is is CaptureState.PAUSED:
            await asyncio.sleep(self._habits.resumes_after_s)
            self._is = CaptureState.ENABLED
            with suppress(RingdownError):
                await self._say(link)

    async def _calm_down(self) -> None:
        if self._drifting is not None:
            self._drifting.cancel()
            await asyncio.wait([self._drifting])
            self._drifting = None

    async def _say(self, link: Connection) -> None:
        await link.send(capture_request(DN, self._is))
