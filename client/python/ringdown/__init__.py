"""A T-Client of Ringdown for asyncio, made from the schema and docs/protocol.md alone.

`Desktop` and `Recorder` are the two roles of screen capture; `Connection` is the link under them,
for everything else. `ringdown.v1.ringdown_pb2` (here `v1`) has the messages, made from the schema
by the build. Nothing here is thread-safe: use an object on the event loop that made it.
"""
from ._events import Event
from .capture import (
    CaptureState,
    Failure,
    Light,
    Value,
    Verb,
    capture_request,
    reason_name,
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
    WindowFull,
)
from .identity import Identity, Limits
from .orders import Cause, Order, Screens
from .recorder import Recorder
from .shown import Shown, Waiting
from .v1 import ringdown_pb2 as v1

__all__ = [
    "CaptureState",
    "Cause",
    "Connection",
    "Desktop",
    "Event",
    "Failure",
    "Identity",
    "Light",
    "Limits",
    "LinkLost",
    "NoAnswer",
    "NotAllGranted",
    "Order",
    "ProtocolError",
    "Recorder",
    "Refused",
    "RingdownError",
    "Screens",
    "Shown",
    "Value",
    "Verb",
    "Waiting",
    "WindowFull",
    "capture_request",
    "reason_name",
    "screen_capture",
    "user_data",
    "v1",
    "values_of",
]
