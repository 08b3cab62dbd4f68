"""What a desktop shows of its screen, beside the light."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .capture import CaptureState, Light, Verb
from .reasons import Alarm, BrokerReason
from .v1 import ringdown_pb2 as v1

_VERBS: Final[dict[int, Verb]] = {
    v1.COMMAND_START: Verb.START,
    v1.COMMAND_STOP: Verb.STOP,
    v1.COMMAND_PAUSE: Verb.PAUSE,
    v1.COMMAND_RESUME: Verb.RESUME,
    v1.COMMAND_QUERY: Verb.QUERY,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command that is held: it goes out when no pause stands any more."""

    verb: Verb
    connection_id: int
    version: int
    behind: v1.Pause | None
    """The pause that it waits for: the newest. None: it is about to go out."""


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A command of this desktop's own that was accepted and has no outcome yet."""

    verb: Verb
    connection_id: int
    command_id: bytes
    deadline_s: float | None
    """When its outcome is decided, on the event loop's clock (`loop.time()`); None: the broker's
    own time counts (2 s by default), and it did not tell."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is to be shown of a DN's screen. `light` is what recorders say; the rest is what
    the broker knew when it was last asked, which a desktop does when something may have changed."""

    light: Light = Light.UNKNOWN
    desired: CaptureState | None = None
    """What the screen is to be; None: nobody has asked for anything."""
    pauses: tuple[v1.Pause, ...] = ()
    """Those that stand, the oldest first: who, since when, why, and whether the holder is gone."""
    waiting: tuple[Waiting, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    """A person must look."""
    pending: PendingCommand | None = None
    """The newest of this desktop's own."""


def shown_of(snapshot: v1.Snapshot, light: Light) -> Shown:
    """A DN has one session, and none before anything was asked or said."""
    if not snapshot.sessions:
        return Shown(light)
    session = snapshot.sessions[0]
    desired = CaptureState.of(session.desired) if session.HasField("desired") else None
    pauses = tuple(session.pauses)
    waiting = tuple(
        Waiting(
            _VERBS[one.command], one.connection_id, one.version, pauses[-1] if pauses else None
        )
        for one in session.orders
        if one.held and one.command in _VERBS  # else of a later protocol
    )
    alarms = tuple(
        Alarm(BrokerReason.of(one.broker_reason), one.since_time_us, one.recorder_client_id)
        for one in session.alarms
    )
    return Shown(light, desired, pauses, waiting, alarms)
