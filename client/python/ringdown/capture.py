"""The words of screen capture, and user data in and out (docs/protocol.md, screen-capture)."""
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Iterable, Sequence, Union

from ._checks import AGENT_ID_BYTES_MAX, REASON_BYTES_MAX
from ._checks import check_dn, check_line, check_number, made_a_line
from .v1 import ringdown_pb2 as v1

SCREEN_CAPTURE: Final = "screen-capture"
"""The key at the top level of user data that makes an event a command or an indication."""

FAILED: Final = "failed"
"""The indication that says nothing of the screen, but that an order could not be done."""

FAILURE_TEXT_BYTES_MAX: Final = 128
"""Of a failure's text: a line for a person. A longer one is cut, so that it is told at all."""

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
    """What is so, or is to be so. As an indication, what a recorder says is so now; UNKNOWN is the
    broker's word only."""

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


@dataclass(frozen=True, slots=True)
class Failure:
    """An order that a recorder could not do."""

    code: int = 0
    """The recorder's own, of 32 bits."""
    text: str = ""
    """A line for a person; what a line cannot have, or what is too long, is left out."""
    state: CaptureState | None = None
    """What is so all the same. None: as it was, or nobody can tell."""

    def __post_init__(self) -> None:
        if not 0 <= self.code <= 0xFFFF_FFFF:
            raise ValueError(f"code: {self.code}, accepted are 0 to 4294967295")
        if self.state is CaptureState.UNKNOWN:
            raise ValueError("state: UNKNOWN is the broker's word only; None says nothing of it")


Word = Union[Verb, CaptureState, Failure]
"""What `screen-capture` says: a command or an indication."""


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

    @property
    def number(self) -> v1.CaptureState:
        """The schema's, of the state that it stands for."""
        return _LIGHT_NUMBERS[self]


_LIGHTS: Final = {
    CaptureState.UNKNOWN: Light.UNKNOWN,
    CaptureState.ENABLED: Light.RECORDING,
    CaptureState.DISABLED: Light.OFF,
    CaptureState.PAUSED: Light.PAUSED,
}
_LIGHT_NUMBERS: Final = {
    Light.UNKNOWN: v1.CAPTURE_STATE_UNKNOWN,
    Light.RECORDING: v1.CAPTURE_STATE_ENABLED,
    Light.OFF: v1.CAPTURE_STATE_DISABLED,
    Light.PAUSED: v1.CAPTURE_STATE_PAUSED,
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


def screen_capture(event: v1.Event) -> Word | None:
    """What an event commands or indicates; None: it does neither. Why something failed is not in
    the event, but beside it: `EventUserEvent.failure`."""
    for pair in event.user_data.pairs:
        if pair.key == SCREEN_CAPTURE and pair.WhichOneof("value") == "string_value":
            return _WORDS.get(pair.string_value)
    return None


_WORDS: Final[dict[str, Word]] = {
    **{verb.value: verb for verb in Verb},
    **{state.value: state for state in CaptureState},
    FAILED: Failure(),
}


def capture_request(
    dn: str,
    word: Word,
    *,
    connection_id: int = 0,
    reason: str = "",
    agent_id: str = "",
    user_data: Iterable[tuple[str, Value]] = (),
) -> v1.RequestSendEvent:
    """A request that sends one word on behalf of a DN. `connection_id`: the call's ConnID, 0 for
    none. `reason`, `agent_id`: of a command, why and whose hand it was, at most 64 bytes each.
    `user_data`: what else it carries, behind `screen-capture`, which may not be among it. Raises
    ValueError and TypeError, with the name of the argument."""
    check_dn(dn, "dn")
    check_number(connection_id, "connection_id")
    check_line("reason", reason, REASON_BYTES_MAX)
    check_line("agent_id", agent_id, AGENT_ID_BYTES_MAX)
    if (reason or agent_id) and not isinstance(word, Verb):
        raise ValueError("reason, agent_id: only with a command")
    others = [_pair(key, value) for key, value in user_data]
    if any(pair.key == SCREEN_CAPTURE for pair in others):
        raise ValueError(f"user_data: {SCREEN_CAPTURE!r} is what the word says")
    said = word.state if isinstance(word, Failure) else word
    what = v1.Pair(key=SCREEN_CAPTURE, string_value=FAILED if said is None else said.value)
    event = v1.Event(
        this_dn=dn,
        message_type=v1.MESSAGE_TYPE_EVENT_USER_EVENT,
        connection_id=connection_id,
        user_data=v1.UserData(pairs=[what, *others]),
    )
    request = v1.RequestSendEvent(this_dn=dn, reason=reason, agent_id=agent_id, event=event)
    if isinstance(word, Failure):
        text = made_a_line(word.text, FAILURE_TEXT_BYTES_MAX)
        request.failure.CopyFrom(v1.Failure(code=word.code, text=text))
    return request
