"""The second witness: films the whole display all the time, knows of no pause, and must have seen
the card that the recorder's film must not show."""
from __future__ import annotations

import asyncio
import re
from pathlib import Path
from types import TracebackType
from typing import Final

FRAMES_PER_S: Final = 12
WITHIN_S: Final = 60.0
"""For some frames: turns a hang into a failure."""


class Camera:
    """Use it as an async context manager; at its end the film is whole."""

    def __init__(self, display: str, film: Path) -> None:
        self.film: Final = film
        self._display = display
        self._frames = 0
        self._moved = asyncio.Event()

    async def __aenter__(self) -> Camera:
        self._child = await asyncio.create_subprocess_exec(
            *("ffmpeg", "-nostdin", "-nostats", "-v", "error", "-progress", "pipe:1"),
            *("-stats_period", "0.05", "-f", "x11grab", "-draw_mouse", "0"),
            *("-framerate", str(FRAMES_PER_S), "-i", self._display, "-c:v", "libx264"),
            *("-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"),
            *("-threads", "1", "-flush_packets", "1", "-f", "mpegts", str(self.film)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read(), name="camera")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.terminate()
        await self._reader
        await self._child.wait()

    async def sees(self, frames: int) -> None:
        """Until there are so many more frames: what is on the display now is in them."""
        enough = self._frames + frames + 1  # the next one may have been grabbed already
        async with asyncio.timeout(WITHIN_S):
            while self._frames < enough:
                if self._reader.done():
                    raise RuntimeError("the camera has ended")
                self._moved.clear()
                await self._moved.wait()

    async def _read(self) -> None:
        assert self._child.stdout is not None
        while said := await self._child.stdout.read(4096):
            for number in re.findall(rb"^frame=(\d+)$", said, re.MULTILINE):
                self._frames = max(self._frames, int(number))
            self._moved.set()
        self._moved.set()
