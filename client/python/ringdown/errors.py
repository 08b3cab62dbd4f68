"""What can go wrong, as exceptions: the idiom of Python.

    RingdownError
      Refused           the broker answered EventError; nothing has happened, or it cannot say
        NotAllGranted   of several DNs, some were refused and some granted
      WindowFull        too many requests wait for answers; nothing was sent
      NoAnswer          sent, and no answer within the deadline: the outcome is unknown
      LinkLost          there is no connection (any more)
        ProtocolError   because the broker said what is not the protocol
        TLSFailed       because TLS does not stand: a certificate that is wrong, and the like

`outcome_unknown` tells of each whether the request may have had its effect all the same.

Values that a caller got wrong are ValueError and TypeError, with the name of the argument and what
is accepted. A wait for something that may happen or not (an event, a light) ends with TimeoutError.
"""
from __future__ import annotations

from types import MappingProxyType
from typing import Final, Mapping, Sequence

from .reasons import DisconnectReason, TLSFault
from .v1 import ringdown_pb2 as v1


def printable(text: str) -> str:
    """The broker's text made safe for terminals and logs."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class RingdownError(Exception):
    """All errors of this library."""

    @property
    def outcome_unknown(self) -> bool:
        """Whether the request may have had its effect, and nobody here knows. A command may then be
        sent again with the same `command_id` and `retry`; for others, ask what is so. False: it
        had none."""
        return False


class Refused(RingdownError):
    """The broker's EventError. `error` is the whole of it; docs/errors.md lists the codes. Nothing
    was done, unless `outcome_unknown`: the broker failed over the request, or it was sent before
    and only its repetition refused."""

    def __init__(self, error: v1.EventError, *, sent_before: bool = False) -> None:
        """`sent_before`: over a link that was lost, so the first may have had its effect."""
        text = f"{error.error_code}: {error.text}"
        if error.attribute:
            text += f" ({error.attribute}: {error.accepted})"
        super().__init__(printable(text))
        self.error: Final = error
        self._sent_before = sent_before

    @property
    def outcome_unknown(self) -> bool:
        return self._sent_before or self.error.retry_class == v1.RETRY_CLASS_UNKNOWN_OUTCOME

    @property
    def code(self) -> int:
        """The contract; `text` may change."""
        return self.error.error_code

    @property
    def retry_after_s(self) -> float | None:
        """A wait, not a promise; None: not said."""
        return self.error.retry_after_ms / 1000 if self.error.HasField("retry_after_ms") else None


class NotAllGranted(Refused):
    """Some DNs of a request were refused. It reads as the first refusal."""

    def __init__(
        self,
        refused: Mapping[str, v1.EventError],
        granted: Sequence[str],
        *,
        snapshots: Mapping[str, v1.Snapshot] = MappingProxyType({}),
        acks: Mapping[str, v1.EventACK] = MappingProxyType({}),
    ) -> None:
        super().__init__(next(iter(refused.values())))
        self.refused: Final = dict(refused)
        self.granted: Final = list(granted)
        self.snapshots: Final = dict(snapshots)
        """Of those that were registered."""
        self.acks: Final = dict(acks)
        """Of those that accepted the command."""

    def __str__(self) -> str:
        return f"{next(iter(self.refused))!r}: {super().__str__()}"


class WindowFull(RingdownError):
    """More requests, or bytes of them, wait for answers than the broker granted. Nothing was
    sent. `Connection.wait_for_room` waits until something can be."""


class NoAnswer(RingdownError, TimeoutError):
    """The request was sent and not answered in time. A command with a command id may be sent
    again under the same one; for others, ask what is so."""

    @property
    def outcome_unknown(self) -> bool:
        return True


class LinkLost(RingdownError, ConnectionError):
    """There is no connection. A request that raises it was sent and not answered if `sent`: its
    outcome is unknown."""

    def __init__(
        self,
        text: str,
        *,
        reason: DisconnectReason = DisconnectReason.UNSPECIFIED,
        retry_after_ms: int | None = None,
        sent: bool = False,
    ) -> None:
        super().__init__(printable(text))
        self.text: Final = text
        self.reason: Final = reason
        """What the broker's EventLinkDisconnected says; UNSPECIFIED if none came."""
        self.retry_after_s: Final = None if retry_after_ms is None else retry_after_ms / 1000
        self.sent: Final = sent

    @property
    def outcome_unknown(self) -> bool:
        return self.sent

    def of_request(self, sent: bool) -> LinkLost:
        """The same, as one request sees it."""
        again = type(self)(self.text)
        again.__dict__.update(self.__dict__, sent=sent)
        return again


class ProtocolError(LinkLost):
    """What came is not the protocol: garbage, a frame that is too long, a reply of another kind."""


class TLSFailed(LinkLost):
    """There is no link by TLS; `fault` and the text say why."""

    def __init__(self, text: str, *, fault: TLSFault) -> None:
        super().__init__(text)
        self.fault: Final = fault

    def of_request(self, sent: bool) -> TLSFailed:
        again = TLSFailed(self.text, fault=self.fault)
        again.__dict__.update(self.__dict__, sent=sent)
        return again
