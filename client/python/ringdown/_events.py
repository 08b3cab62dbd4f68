"""Events that wait for the program, within bounds. Internal."""
from __future__ import annotations

import asyncio
from collections import deque
from typing import Union

from .errors import LinkLost
from .v1 import ringdown_pb2 as v1

Event = Union[v1.EventUserEvent, v1.EventMissed, v1.EventUnregistered, v1.EventOutcome]
"""What comes unasked, in the order of each DN; an EventOutcome stands outside of that order."""


class Overrun(Exception):
    """Events of more DNs than can be kept were not taken by the program."""


class EventQueue:
    """At most `events_max` events and `bytes_max` bytes of them. What comes beyond that is kept as
    one EventMissed for each DN, as the broker itself does for a slow client, and comes in its
    place in the DN's order. An EventOutcome beyond it is not kept: who waits for it has a deadline.
    `close` ends all waits once the queue is empty."""

    def __init__(self, events_max: int, bytes_max: int) -> None:
        self._events_max = events_max
        self._bytes_max = bytes_max
        self._waiting: deque[tuple[Event, int]] = deque()
        self._bytes = 0
        self._missed: dict[str, v1.EventMissed | v1.EventUnregistered] = {}
        self._changed = asyncio.Event()
        self._end: LinkLost | None = None

    def put(self, event: Event, size: int) -> None:
        """Raises Overrun if `events_max` DNs have missed something and another one would."""
        dn = event.event.this_dn if isinstance(event, v1.EventUserEvent) else event.this_dn
        full = len(self._waiting) >= self._events_max or (
            self._waiting and self._bytes + size > self._bytes_max
        )
        if isinstance(event, v1.EventOutcome):
            if not full:
                self._append(event, size)
        elif full or dn in self._missed:
            self._miss(dn, event)
        else:
            self._append(event, size)
        self._changed.set()

    def close(self, reason: LinkLost) -> None:
        """What waits can still be taken; then `get` raises the reason."""
        self._end = reason
        self._changed.set()

    async def get(self) -> Event:
        """The next event. Raises the reason of `close`. Cancelling it loses nothing."""
        while not self._waiting:
            if self._end is not None:
                raise self._end.of_request(sent=False)
            self._changed.clear()
            await self._changed.wait()
        event, size = self._waiting.popleft()
        self._bytes -= size
        if self._missed and len(self._waiting) <= self._events_max // 2:
            for missed in self._missed.values():
                self._append(missed, missed.ByteSize())
            self._missed.clear()
        return event

    def _append(self, event: Event, size: int) -> None:
        self._waiting.append((event, size))
        self._bytes += size

    def _miss(
        self, dn: str, event: v1.EventUserEvent | v1.EventMissed | v1.EventUnregistered
    ) -> None:
        known = self._missed.get(dn)
        if known is None and len(self._missed) >= self._events_max:
            raise Overrun(f"events of more than {self._events_max} DNs were not taken")
        if isinstance(event, v1.EventUnregistered):
            self._missed[dn] = event  # nothing before it matters any more
            return
        if isinstance(event, v1.EventMissed):
            first, last = event.from_sequence, event.to_sequence
        else:
            first = last = event.dn_sequence
        if isinstance(known, v1.EventMissed) and known.dn_epoch == event.dn_epoch:
            first, last = min(first, known.from_sequence), max(last, known.to_sequence)
        self._missed[dn] = v1.EventMissed(
            this_dn=dn, from_sequence=first, to_sequence=last, dn_epoch=event.dn_epoch
        )
