"""Why something is so, in words: reasons of the broker's, of a link's end, and the alarms.

What a later protocol says and this one does not know counts as not said: UNSPECIFIED.
"""
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from .v1 import ringdown_pb2 as v1


class BrokerReason(Enum):
    """Why the broker made an event, an order or an alarm of its own (docs/protocol.md). Those of
    alarms, and what to do: docs/alarms.md."""

    UNSPECIFIED = "unspecified"
    RECORDER_LOST = "recorder_lost"
    """An alarm: the last recorder is gone while something is to be recorded or paused."""
    CALL_GOES_ON = "call_goes_on"
    INTERNAL_ERROR = "internal_error"
    """An alarm: the broker lost what it knew of the screen."""
    CALL_ENDED = "call_ended"
    RECORDER_UNCONFIRMED = "recorder_unconfirmed"
    """An alarm: a recorder did not do what the broker ordered."""
    PAUSE_HOLDER_GONE = "pause_holder_gone"
    """An alarm: who paused has been gone for long. Also of an order, that lifts such a pause."""
    HOLD_RELEASED = "hold_released"
    DRIFT = "drift"
    """An alarm: a recorder does otherwise than it is to, unasked. Also of an order, which corrects
    that."""
    RECORDER_CAME = "recorder_came"
    ASKED = "asked"
    PAUSE_LONG = "pause_long"
    """An alarm: a pause is older than the site wants."""

    @classmethod
    def of(cls, number: int) -> BrokerReason:
        """From the schema's number."""
        return _BROKER_REASONS.get(number, cls.UNSPECIFIED)


_BROKER_REASONS: Final[dict[int, BrokerReason]] = {
    v1.BROKER_REASON_RECORDER_LOST: BrokerReason.RECORDER_LOST,
    v1.BROKER_REASON_CALL_GOES_ON: BrokerReason.CALL_GOES_ON,
    v1.BROKER_REASON_INTERNAL_ERROR: BrokerReason.INTERNAL_ERROR,
    v1.BROKER_REASON_CALL_ENDED: BrokerReason.CALL_ENDED,
    v1.BROKER_REASON_RECORDER_UNCONFIRMED: BrokerReason.RECORDER_UNCONFIRMED,
    v1.BROKER_REASON_PAUSE_HOLDER_GONE: BrokerReason.PAUSE_HOLDER_GONE,
    v1.BROKER_REASON_HOLD_RELEASED: BrokerReason.HOLD_RELEASED,
    v1.BROKER_REASON_DRIFT: BrokerReason.DRIFT,
    v1.BROKER_REASON_RECORDER_CAME: BrokerReason.RECORDER_CAME,
    v1.BROKER_REASON_ASKED: BrokerReason.ASKED,
    v1.BROKER_REASON_PAUSE_LONG: BrokerReason.PAUSE_LONG,
}


class DisconnectReason(Enum):
    """Why the broker has ended a link (docs/protocol.md). UNSPECIFIED: it could not say."""

    UNSPECIFIED = "unspecified"
    SIGNED_OFF = "signed_off"
    DRAINING = "draining"
    TAKEN_OVER = "taken_over"
    """The same instance has signed on elsewhere: to come back would throw it out in turn."""
    SLOW_CONSUMER = "slow_consumer"
    HEARTBEAT_TIMEOUT = "heartbeat_timeout"
    """Nothing was heard from this client: it was cut off, or blocked its event loop."""
    SIGN_ON_TIMEOUT = "sign_on_timeout"
    SIGN_ON_REFUSED = "sign_on_refused"
    PROTOCOL_ERROR = "protocol_error"
    OVERLOADED = "overloaded"
    INTERNAL_ERROR = "internal_error"
    CREDENTIALS_EXPIRED = "credentials_expired"
    """And were not renewed: a steady party comes back with new ones."""
    ACCESS_CHANGED = "access_changed"
    BY_OPERATOR = "by_operator"
    """The broker's access list lets this client in no more, or not as it is."""

    @classmethod
    def of(cls, number: int) -> DisconnectReason:
        """From the schema's number."""
        return _DISCONNECT_REASONS.get(number, cls.UNSPECIFIED)


_DISCONNECT_REASONS: Final[dict[int, DisconnectReason]] = {
    v1.DISCONNECT_REASON_SIGNED_OFF: DisconnectReason.SIGNED_OFF,
    v1.DISCONNECT_REASON_DRAINING: DisconnectReason.DRAINING,
    v1.DISCONNECT_REASON_TAKEN_OVER: DisconnectReason.TAKEN_OVER,
    v1.DISCONNECT_REASON_SLOW_CONSUMER: DisconnectReason.SLOW_CONSUMER,
    v1.DISCONNECT_REASON_HEARTBEAT_TIMEOUT: DisconnectReason.HEARTBEAT_TIMEOUT,
    v1.DISCONNECT_REASON_SIGN_ON_TIMEOUT: DisconnectReason.SIGN_ON_TIMEOUT,
    v1.DISCONNECT_REASON_SIGN_ON_REFUSED: DisconnectReason.SIGN_ON_REFUSED,
    v1.DISCONNECT_REASON_PROTOCOL_ERROR: DisconnectReason.PROTOCOL_ERROR,
    v1.DISCONNECT_REASON_OVERLOADED: DisconnectReason.OVERLOADED,
    v1.DISCONNECT_REASON_INTERNAL_ERROR: DisconnectReason.INTERNAL_ERROR,
    v1.DISCONNECT_REASON_CREDENTIALS_EXPIRED: DisconnectReason.CREDENTIALS_EXPIRED,
    v1.DISCONNECT_REASON_ACCESS_CHANGED: DisconnectReason.ACCESS_CHANGED,
    v1.DISCONNECT_REASON_BY_OPERATOR: DisconnectReason.BY_OPERATOR,
}


class TLSFault(Enum):
    """Why there is no link by TLS."""

    OPTIONS = "options"
    """A file of the program's own cannot be used; the text says which."""
    UNTRUSTED = "untrusted"
    """The broker's certificate comes from no authority that is trusted here."""
    NAME = "name"
    """It is for another name."""
    EXPIRED = "expired"
    """It is not valid now: expired, or not yet."""
    CERTIFICATE_REQUIRED = "certificate_required"
    """The broker wants one of this client, or another than it has."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A person must look: what is so is not what is desired, and the broker cannot mend it."""

    reason: BrokerReason
    since_time_us: int = 0
    """UTC of the broker's clock, in microseconds."""
    recorder_client_id: int = 0
    """Which recorder it is about; 0: no single one, or not said."""
