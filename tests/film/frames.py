"""Looks at every frame of a film."""
from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Iterable

WIDTH: Final = 80
HEIGHT: Final = 50
"""Frames are looked at in this size: a square of the card's checker is 5 by 5 then."""
DOTS_MIN: Final = 20
"""So many magenta and so many green dots are a card, or a part of one: 1 of 75 of either."""
DECODE_WITHIN_S: Final = 60.0
TS_PACKET: Final = 188
TS_UNIT_START: Final = 0x4000
TS_UNIT_AND_PID: Final = 0x5FFF
TS_FILM_PID: Final = 0x100
"""As ffmpeg numbers the one stream of a transport stream."""


@dataclass(frozen=True, slots=True)
class Frames:
    total: int
    with_card: int

    def __add__(self, other: Frames) -> Frames:
        return Frames(self.total + other.total, self.with_card + other.with_card)


def look_at(files: Iterable[Path]) -> Frames:
    """All frames of all files. Raises RuntimeError if one cannot be decoded, or if a frame that
    is in it was not."""
    seen = Frames(0, 0)
    for file in files:
        seen += _look_at(file)
    return seen


def save_frame(file: Path, number: int, picture: Path) -> None:
    """The frame of that number, the first being 0, as a PNG of half the size."""
    only = f"select=eq(n\\,{number}),scale=iw/2:-1:flags=area"
    _ffmpeg("-i", file, "-vf", only, "-frames:v", "1", "-y", picture)


def save_display(display: str, picture: Path) -> None:
    """What is on a display now, in the same size."""
    grab = ("-f", "x11grab", "-draw_mouse", "0", "-i", display)
    _ffmpeg(*grab, "-vf", "scale=iw/2:-1:flags=area", "-frames:v", "1", "-y", picture)


def _look_at(file: Path) -> Frames:
    written = _frames_in(file.read_bytes())
    if written == 0:
        return Frames(0, 0)  # it was killed before it had written any
    small = f"scale={WIDTH}:{HEIGHT}:flags=neighbor"
    raw = _ffmpeg(
        *("-i", file, "-fps_mode", "passthrough", "-vf", small),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-"),
    )
    size = WIDTH * HEIGHT * 3
    frames = [raw[at : at + size] for at in range(0, len(raw), size)]
    if len(frames) != written:
        raise RuntimeError(f"{file}: {len(frames)} frames decoded of {written}")
    return Frames(written, sum(_has_card(frame) for frame in frames))


def _frames_in(stream: bytes) -> int:
    """Frames that begin in a transport stream: packets of the one film that start a unit."""
    heads = (stream[at : at + 3] for at in range(0, len(stream), TS_PACKET))
    return sum(
        head[:1] == b"\x47"
        and int.from_bytes(head[1:], "big") & TS_UNIT_AND_PID == TS_UNIT_START | TS_FILM_PID
        for head in heads
    )


def _has_card(frame: bytes) -> bool:
    magenta = green = 0
    for red, leaf, blue in zip(frame[0::3], frame[1::3], frame[2::3]):
        if red > 150 and leaf < 110 and blue > 150:
            magenta += 1
        elif red < 110 and leaf > 150 and blue < 110:
            green += 1
    return magenta >= DOTS_MIN and green >= DOTS_MIN


def _ffmpeg(*words: str | Path) -> bytes:
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", *words],
        capture_output=True,
        timeout=DECODE_WITHIN_S,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{words}: {done.stderr.decode(errors='replace')}")
    return done.stdout
