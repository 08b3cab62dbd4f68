"""When and where a client that has lost its broker tries again: exponential backoff with full
jitter, through a list of places. Pure: time and randomness come in with each call.

The wait before an attempt is random between nothing and `first_max_s * 2^rounds`, at most
`delay_max_s`; a round is one attempt at each place. A broker's `retry_after_ms` is a floor under
that wait and never takes its place: ten thousand desktops that one broker has sent away for the
same second come back spread out behind it.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .errors import LinkLost, Refused, RingdownError
from .reasons import DisconnectReason
from .v1 import ringdown_pb2 as v1

Place = tuple[str, int]
"""Host and port of a broker."""

_ROUNDS_MAX: Final = 32
"""Doubled so often any wait is above its bound."""


@dataclass(frozen=True, slots=True)
class Reconnect:
    """How a lost broker is looked for. All times in seconds, 0 and above."""

    first_max_s: float = 0.5
    """The longest wait before the attempts of the first round."""
    delay_max_s: float = 15.0
    """The longest wait ever, but for what a broker asks for. A light is unknown so long."""
    steady_after_s: float = 10.0
    """A link that has stood so long counts as good: the next loss begins with the first round. A
    broker that accepts and drops at once is backed away from."""
    retry_after_max_s: float = 60.0
    """A broker's `retry_after_ms` above this is cut: it may come from a faulty one."""
    when_refused: bool = False
    """Also tries again after a takeover or a sign-on that was refused. Credentials do not become
    right by repetition, but accounts get locked."""

    def __post_init__(self) -> None:
        for name in ("first_max_s", "delay_max_s", "steady_after_s", "retry_after_max_s"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}: {getattr(self, name)}, accepted is 0 and above")

    def gives_up(self, error: RingdownError) -> bool:
        """Whether another attempt would change nothing: the same instance has signed on elsewhere,
        or the sign-on was refused for good."""
        if self.when_refused:
            return False
        if isinstance(error, LinkLost):
            last = (DisconnectReason.TAKEN_OVER, DisconnectReason.SIGN_ON_REFUSED)
            return error.reason in last
        return isinstance(error, Refused) and error.error.retry_class == v1.RETRY_CLASS_FAILED


class ReconnectPlan:
    """Which place is tried next, and when. `at` is any clock in seconds that does not go back."""

    def __init__(self, places: int, limits: Reconnect) -> None:
        """`places`: how many there are; 0 counts as 1."""
        self._limits: Final = limits
        self._not_before = [float("-inf")] * max(places, 1)  # as each place's broker asked
        self._failures = 0  # since a link was good
        self._stands_since: float | None = None
        self._place = 0

    @property
    def place(self) -> int:
        """The number of the place whose turn it is."""
        return self._place

    def link_stands(self, at: float) -> None:
        """The link to the current place stands."""
        self._stands_since = at

    def after_failure(self, at: float, jitter: float, retry_after_s: float | None = None) -> float:
        """An attempt has failed, or the link was lost. When the next one is due; `place` says
        where. `jitter`: random, 0 to 1. `retry_after_s`: as this place's broker asked; another
        place is tried meanwhile."""
        limits = self._limits
        if self._stands_since is not None and at - self._stands_since >= limits.steady_after_s:
            self._failures = 0
        # A link that stood and was lost is tried again at its own place first: most losses are
        # short.
        stood = self._stands_since is not None and self._failures == 0
        self._stands_since = None
        if retry_after_s is not None:
            asked_s = min(max(retry_after_s, 0.0), limits.retry_after_max_s)
            self._not_before[self._place] = at + asked_s
        longest_s = self._longest_wait_s()
        self._failures += 1
        if not stood or retry_after_s is not None:
            self._place = self._next_place(at)
        return max(at, self._not_before[self._place]) + jitter * longest_s

    def _longest_wait_s(self) -> float:
        rounds = min(self._failures // len(self._not_before), _ROUNDS_MAX)
        return min(self._limits.first_max_s * 2.0**rounds, self._limits.delay_max_s)

    def _next_place(self, at: float) -> int:
        """The next that may be asked now, else the one that may be asked first."""
        count = len(self._not_before)
        following = [(self._place + step) % count for step in range(1, count + 1)]
        free = [place for place in following if self._not_before[place] <= at]
        return free[0] if free else min(following, key=lambda place: self._not_before[place])
