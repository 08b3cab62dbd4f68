"""The words of screen capture, and user data in and out (docs/protocol.md, screen-capture)."""
from __future__ import annotations

from enum import Enum
from typing import Final, Iterable, Sequence, Union

from .v1 import ringdown_pb2 as v1

SCREEN_CAPTURE: Final = "screen-capture"
"""The key at the top level of user data that makes an event a command or an indication."""

Value = Union[int, str, bytes, Sequence[tuple[str, "Value"]]]
"""A value of user data: a whole number, text, bytes, or a list of pairs again."""


class Verb(Enum):
    """A command."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    QUERY = "query"


class CaptureState(Enum):
    """An indication: what a recorder says is so now. UNKNOWN is the broker's word only."""

    UNKNOWN = "unknown"
    ENABLED = "enabled"
    DISABLED = "disabled"
    PAUSED = "paused"

    @classmethod
    def of(cls, number: int) -> CaptureState:
        """From the schema's number. One that is not known here counts as not said."""
        return _STATES.get(number, cls.UNKNOWN)


_STATES: Final[dict[int, CaptureState]] = {
    v1.CAPTURE_STATE_UNKNOWN: CaptureState.UNKNOWN,
    v1.CAPTURE_STATE_ENABLED: CaptureState.ENABLED,
    v1.CAPTURE_STATE_DISABLED: CaptureState.DISABLED,
    v1.CAPTURE_STATE_PAUSED: CaptureState.PAUSED,
}


class Light(Enum):
    """What an agent is shown."""

    UNKNOWN = "unknown"
    RECORDING = "recording"
    OFF = "off"
    PAUSED = "paused"

    @classmethod
    def of(cls, state: CaptureState) -> Light:
        """The light for a state."""
        return _LIGHTS[state]


_LIGHTS: Final = {
    CaptureState.UNKNOWN: Light.UNKNOWN,
    CaptureState.ENABLED: Light.RECORDING,
    CaptureState.DISABLED: Light.OFF,
    CaptureState.PAUSED: Light.PAUSED,
}


def user_data(pairs: Iterable[tuple[str, Value]]) -> v1.UserData:
    """User data from pairs, in their order. Raises TypeError for a value of another type,
    ValueError for a number beyond 64 bits."""
    return v1.UserData(pairs=[_pair(key, value) for key, value in pairs])


def _pair(key: str, value: Value) -> v1.Pair:
    if isinstance(value, bool):
        raise TypeError(f"user data {key!r}: int, str, bytes or a list of pairs, not bool")
    if isinstance(value, int):
        return v1.Pair(key=key, int_value=value)
    if isinstance(value, str):
        return v1.Pair(key=key, string_value=value)
    if isinstance(value, (bytes, bytearray)):
        return v1.Pair(key=key, binary_value=bytes(value))
    return v1.Pair(key=key, list_value=user_data(value))


def values_of(data: v1.UserData) -> list[tuple[str, Value]]:
    """The pairs of user data. A pair of a kind that is not known here is left out."""
    found: list[tuple[str, Value]] = []
    for pair in data.pairs:
        kind = pair.WhichOneof("value")
        if kind == "list_value":
            found.append((pair.key, values_of(pair.list_value)))
        elif kind is not None:
            found.append((pair.key, getattr(pair, kind)))
    return found


def screen_capture(event: v1.Event) -> Verb | CaptureState | None:
    """What an event commands or indicates; None: it does neither."""
    for pair in event.user_data.pairs:
        if pair.key == SCREEN_CAPTURE and pair.WhichOneof("value") == "string_value":
            return _WORDS.get(pair.string_value)
    return None


_WORDS: Final[dict[str, Verb | CaptureState]] = {
    **{verb.value: verb for verb in Verb},
    **{state.value: state for state in CaptureState},
}


def capture_request(
    dn: str, word: Verb | CaptureState, *, connection_id: int = 0
) -> v1.RequestSendEvent:
    """A request that sends one word on behalf of a DN. `connection_id`: the call's ConnID, 0 for
    none."""
    event = v1.Event(
        this_dn=dn,
        message_type=v1.MESSAGE_TYPE_EVENT_USER_EVENT,
        connection_id=connection_id,
        user_data=user_data([(SCREEN_CAPTURE, word.value)]),
    )
    return v1.RequestSendEvent(this_dn=dn, event=event)
