"""What a caller may give, looked at before anything is sent. Internal.

Each raises TypeError or ValueError with the name of the argument and what is accepted: the
broker's own rules (docs/protocol.md, Limits), so that it is not asked in vain.
"""
from __future__ import annotations

import secrets
from typing import Final

from .errors import ProtocolError
from .v1 import ringdown_pb2 as v1

PROTOCOL_VERSION: Final = 1
DN_BYTES_MAX: Final = 255
REASON_BYTES_MAX: Final = 64
AGENT_ID_BYTES_MAX: Final = 64
COMMAND_ID_BYTES: Final = 16
NUMBER_MAX: Final = 0xFFFF_FFFF_FFFF_FFFF
TIMEOUT_MS_MAX: Final = 0xFFFF_FFFF
"""As much as the field holds; how much it may be, an operator says and the broker tells."""


def check_dn(dn: str, name: str) -> None:
    """A DN has 1 to 255 bytes of UTF-8 without control characters."""
    check_line(name, dn, DN_BYTES_MAX)
    if not dn:
        raise ValueError(f"{name}: an empty DN, accepted are 1 to {DN_BYTES_MAX} bytes")


def check_line(name: str, text: str, bytes_max: int) -> None:
    """A line for people, which may be empty."""
    if not isinstance(text, str):
        raise TypeError(f"{name}: a str, not {type(text).__name__}")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"{name}: {text!r} is no UTF-8") from error
    if size > bytes_max:
        raise ValueError(f"{name}: {size} bytes, accepted are at most {bytes_max}")
    if any(map(_is_control, text)):
        raise ValueError(f"{name}: {text!r}, accepted is text without control characters")


def made_a_line(text: str, bytes_max: int) -> str:
    """The same made of any text: spaces for control characters, the end cut off."""
    line = "".join(" " if _is_control(c) else c for c in text)
    return line.encode(errors="replace")[:bytes_max].decode(errors="ignore")


def check_number(number: int, name: str) -> None:
    """A ConnID and a version have 64 bits."""
    if not 0 <= number <= NUMBER_MAX:
        raise ValueError(f"{name}: {number}, accepted are 0 to 2^64 - 1")


def made_command_id(command_id: bytes | None, retry: bool) -> bytes:
    """The program's own of 16 bytes, or a new one."""
    if command_id is None:
        if retry:
            raise ValueError("retry: only with the command_id that it was sent under")
        return secrets.token_bytes(COMMAND_ID_BYTES)
    if len(command_id) != COMMAND_ID_BYTES:
        raise ValueError(f"command_id: {len(command_id)} bytes, accepted are {COMMAND_ID_BYTES}")
    return command_id


def milliseconds(seconds: float | None, name: str) -> int | None:
    """A time as the schema has it: of at least 1 ms, or none."""
    if seconds is None:
        return None
    if not 0.001 <= seconds <= TIMEOUT_MS_MAX / 1000:
        raise ValueError(
            f"{name}: {seconds}, accepted are 0.001 to {TIMEOUT_MS_MAX / 1000:.0f} s, or None"
        )
    return round(seconds * 1000)


def check_granted(granted: v1.EventLinkConnected) -> None:
    """The broker's word, too: no limit is 0. Raises ProtocolError."""
    if granted.version != PROTOCOL_VERSION:
        raise ProtocolError(f"version {granted.version}, accepted is {PROTOCOL_VERSION}")
    for name in ("window_requests", "window_bytes", "frame_bytes_max", "heartbeat_interval_ms"):
        if getattr(granted, name) < 1:
            raise ProtocolError(f"EventLinkConnected.{name}: 0, accepted is 1 and above")
    if granted.heartbeat_timeout_ms <= granted.heartbeat_interval_ms:
        raise ProtocolError(
            f"EventLinkConnected.heartbeat_timeout_ms: {granted.heartbeat_timeout_ms}, "
            f"accepted is above heartbeat_interval_ms: {granted.heartbeat_interval_ms}"
        )


def _is_control(character: str) -> bool:
    """C0, DEL and C1: what ends up in logs and terminals must not steer them."""
    return character < " " or "\x7f" <= character < "\xa0"
