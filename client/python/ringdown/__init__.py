"""A T-Client of Ringdown for asyncio, made from the schema and docs/protocol.md alone.

`SteadyDesktop` and `SteadyRecorder` are the two roles of screen capture, that come back after each
loss of their link; `Desktop` and `Recorder` are the same on one link. `Connection` is the link
under them, for everything else. `ringdown.v1.ringdown_pb2` (here `v1`) has the messages, made from
the schema by the build. Nothing here is thread-safe: use an object on the event loop that made it.
"""
from ._events import Event
from ._handlers import OrderHandler
from ._steady import LinkChange, LinkHandler
from .capture import (
    CaptureState,
    Failure,
    Light,
    Value,
    Verb,
    capture_request,
    screen_capture,
    user_data,
    values_of,
)
from .connection import Connection
from .desktop import Desktop
from .errors import (
    LinkLost,
    NoAnswer,
    NotAllGranted,
    ProtocolError,
    Refused,
    RingdownError,
    TLSFailed,
    WindowFull,
)
from .identity import Credentials, Identity, Limits
from .orders import Cause, Order, Origin, Screens
from .outcomes import CommandOutcome, Outcome, RecorderOutcome, Verdict
from .reasons import Alarm, BrokerReason, DisconnectReason, TLSFault
from .reconnect import Place, Reconnect
from .recorder import Recorder
from .shown import PendingCommand, Shown, Waiting
from .steady_desktop import SteadyDesktop
from .steady_recorder import SteadyRecorder
from .tls import TLS, TLS_PORT
from .v1 import ringdown_pb2 as v1

__all__ = [
    "Alarm",
    "BrokerReason",
    "CaptureState",
    "Cause",
    "CommandOutcome",
    "Connection",
    "Credentials",
    "Desktop",
    "DisconnectReason",
    "Event",
    "Failure",
    "Identity",
    "Light",
    "Limits",
    "LinkChange",
    "LinkHandler",
    "LinkLost",
    "NoAnswer",
    "NotAllGranted",
    "Order",
    "OrderHandler",
    "Origin",
    "Outcome",
    "PendingCommand",
    "Place",
    "ProtocolError",
    "Reconnect",
    "Recorder",
    "RecorderOutcome",
    "Refused",
    "RingdownError",
    "Screens",
    "Shown",
    "SteadyDesktop",
    "SteadyRecorder",
    "TLS",
    "TLSFailed",
    "TLSFault",
    "TLS_PORT",
    "Value",
    "Verb",
    "Verdict",
    "Waiting",
    "WindowFull",
    "capture_request",
    "screen_capture",
    "user_data",
    "v1",
    "values_of",
]
