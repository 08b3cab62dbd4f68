"""Requests that wait for their answers, and the window that bounds them. Internal."""
from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from .errors import LinkLost, ProtocolError, WindowFull
from .v1 import ringdown_pb2 as v1

REFERENCE_MAX: Final = 0xFFFF_FFFF
REFERENCE_BYTES_MAX: Final = 6
"""What its number adds to a frame: a tag and a varint."""
RESERVE_REQUESTS: Final = 64
RESERVE_BYTES: Final = 1024 * 1024
"""What goes out above the window for `pause` and `stop`: the broker's own reserve by default."""


@dataclass(slots=True, eq=False)
class Pending:
    """One request on its way. It counts against the window until its last answer, also if nobody
    waits for that any more."""

    reply: str
    size: int
    answers_left: int
    each: bool
    """Each answer that is missing counts as a request of its own."""
    done: asyncio.Future[list[v1.Frame]]
    answers: list[v1.Frame] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """As how many requests it counts."""
        return self.answers_left if self.each else 1


class Requests:
    """All requests of a connection, by ReferenceID."""

    def __init__(self) -> None:
        self._pending: dict[int, Pending] = {}
        self._bytes = 0
        self._weight = 0  # of all that wait
        self._last_reference = 0
        self._room = asyncio.Event()
        self.requests_max = 1  # sign-on is alone
        self.bytes_max = RESERVE_BYTES

    def __len__(self) -> int:
        return len(self._pending)

    def has_room(self, size: int, weight: int = 1) -> bool:
        """Whether a request of `size` bytes that counts as `weight` can go out. Alone, any can."""
        return not self._pending or (
            self._weight + weight <= self.requests_max and self._bytes + size <= self.bytes_max
        )

    def next_reference(self) -> int:
        """A number that no request on its way has."""
        while True:
            self._last_reference = self._last_reference % REFERENCE_MAX + 1
            if self._last_reference not in self._pending:
                return self._last_reference

    def add(
        self,
        reference: int,
        size: int,
        reply: str,
        answers: int,
        reserve: bool,
        each: bool = False,
    ) -> Pending:
        """Raises WindowFull. `reserve`: a safety command, which may go above the window."""
        requests_max = self.requests_max + (RESERVE_REQUESTS if reserve else 0)
        bytes_max = self.bytes_max + (RESERVE_BYTES if reserve else 0)
        pending = Pending(reply, size, answers, each, asyncio.get_running_loop().create_future())
        if self._weight + pending.weight > requests_max or self._bytes + size > bytes_max:
            raise WindowFull(
                f"{self._weight} requests with {self._bytes} bytes wait for answers, "
                f"accepted are {requests_max} and {bytes_max}"
            )
        self._pending[reference] = pending
        self._bytes += size
        self._weight += pending.weight
        return pending

    def take(self, frame: v1.Frame, kind: str) -> None:
        """An answer. One that nobody asked for is ignored; one of a kind that the request cannot
        have raises ProtocolError."""
        pending = self._pending.get(frame.reference_id)
        if pending is None:
            return
        if kind not in (pending.reply, "event_error"):
            raise ProtocolError(f"{kind} in answer to a request that gets {pending.reply}")
        pending.answers.append(frame)
        self._weight -= pending.weight
        for_all = kind == "event_error" and not frame.event_error.HasField("this_dn")
        pending.answers_left = 0 if for_all else pending.answers_left - 1
        if pending.answers_left > 0:
            self._weight += pending.weight
            return
        del self._pending[frame.reference_id]
        self._bytes -= pending.size
        self._room.set()
        if not pending.done.done():
            pending.done.set_result(pending.answers)

    def end(self, reason: LinkLost) -> None:
        """Nothing will be answered any more."""
        for pending in self._pending.values():
            if not pending.done.done():
                pending.done.set_exception(reason.of_request(sent=True))
                pending.done.exception()  # seen: its waiter may be about to be cancelled
        self._pending.clear()
        self._bytes = self._weight = 0
        self._room.set()

    async def wait_for_room(self, size: int, weight: int = 1) -> None:
        """Until `has_room`, or until the link has ended."""
        while not self.has_room(size, weight):
            self._room.clear()
            await self._room.wait()
