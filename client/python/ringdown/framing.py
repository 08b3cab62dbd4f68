"""Frames on a byte stream: each is preceded by its length as a varint (docs/protocol.md, Frames).

Pure: no sockets and no Protobuf, so that every case can be tested byte by byte.
"""
from __future__ import annotations

from typing import Final

PREFIX_BYTES_MAX: Final = 5
"""A varint of a 32-bit length has at most so many bytes."""

FRAME_BYTES_BEFORE_SIGN_ON_MAX: Final = 16 * 1024
"""The protocol's limit until EventLinkConnected grants another."""

EVENT_HEADER_BYTES_MAX: Final = 256
"""A broker's frame may be so much longer than frame_bytes_max: a client's event goes out behind
the broker's own header."""


class FramingError(Exception):
    """The stream cannot be cut into frames any more. It names what came and what is accepted."""


def delimited(frame: bytes) -> bytes:
    """A frame as it goes over the wire, its length first."""
    length = len(frame)
    prefix = bytearray()
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + frame


class FrameDecoder:
    """Cuts a stream into frames, however it was split on the way.

    Holds at most one frame that is not whole and what the last `feed` brought: take all frames
    before the next one. Not thread-safe.
    """

    def __init__(self, frame_bytes_max: int = FRAME_BYTES_BEFORE_SIGN_ON_MAX) -> None:
        self.frame_bytes_max = frame_bytes_max
        """May be raised between two frames, as sign-on does."""
        self._buffer = bytearray()
        self._begin = 0  # of what no frame was made of yet

    def feed(self, data: bytes) -> None:
        """Takes what was received."""
        del self._buffer[: self._begin]
        self._begin = 0
        self._buffer += data

    def next(self) -> bytes | None:
        """The next whole frame without its prefix, or None until more has come.

        Raises FramingError for a prefix that is none, and for a frame that is too long: by its
        length alone, before any of it is awaited.
        """
        prefix = self._read_prefix()
        if prefix is None:
            return None
        length, begin = prefix
        if length > self.frame_bytes_max:
            raise FramingError(
                f"a frame of {length} bytes, accepted are at most {self.frame_bytes_max}"
            )
        end = begin + length
        if len(self._buffer) < end:
            return None
        self._begin = end
        return bytes(self._buffer[begin:end])

    def _read_prefix(self) -> tuple[int, int] | None:
        """The frame's length and where its bytes begin."""
        length = 0
        for index in range(PREFIX_BYTES_MAX):
            at = self._begin + index
            if at >= len(self._buffer):
                return None
            byte = self._buffer[at]
            length |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if length > 0xFFFF_FFFF:
                    break
                return length, at + 1
        raise FramingError(f"no length: a varint of 32 bits in at most {PREFIX_BYTES_MAX} bytes")
