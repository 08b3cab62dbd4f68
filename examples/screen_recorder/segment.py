"""One ffmpeg that records one display into one file.

    start  --first frame is in the file-->  records  --close-->  closed and on the disk
                                               |
                                               +--ends, or makes no frame-->  `ended` says why

Every wait has a deadline. No ffmpeg outlives its recorder: the kernel kills it with its parent.
"""
from __future__ import annotations

import asyncio
import ctypes
import os
import re
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Final

KILL_WITHIN_S: Final = 1.0
"""From SIGKILL to the end of a process. More means that the kernel is stuck."""
SYNC_WITHIN_S: Final = 2.0
"""A file's last blocks to the disk; a busy disk needs tenths."""
READ_BYTES: Final = 4096
"""Of one read, and of what is kept of ffmpeg's complaints."""
REASON_BYTES_MAX: Final = 128
"""A failure's text on the wire. Of a longer one the end is kept: it names the cause."""

_PR_SET_PDEATHSIG: Final = 1
_libc: Final = ctypes.CDLL(None)  # before any fork: the child only calls it


class Failed(Exception):
    """Something could not be done. `code` is this recorder's own, `text` is for people."""

    NO_START: Final = 1
    NO_FRAME: Final = 2
    DIED: Final = 3
    NO_END: Final = 4
    NO_SYNC: Final = 5

    def __init__(self, code: int, text: str) -> None:
        self.code: Final = code
        self.text: Final = text.encode()[-REASON_BYTES_MAX:].decode(errors="ignore")
        super().__init__(self.text)


@dataclass(frozen=True)
class Source:
    """What is recorded, and how."""

    display: str
    frames_per_s: int = 5
    grabs_per_s: int = 25
    """ffmpeg hears between two grabs that it is to end: within 40 ms. frames_per_s are written."""
    first_frame_within_s: float = 1.5
    """Below the broker's confirm_timeout (2 s), so that the reason comes in time."""
    close_within_s: float = 1.0
    """For ffmpeg to close its file; after that it is killed."""
    no_frame_for_s: float = 5.0
    """An ffmpeg that makes no frame for so long does not record."""
    program: str = "ffmpeg"

    def words(self, file: Path) -> list[str]:
        """The command line. In a transport stream each frame is in the file before the next one
        is grabbed: also a killed ffmpeg leaves all that it has said is written. (Matroska keeps
        back up to 5 s.) The mouse is drawn, and not for its own sake alone: an ffmpeg that does
        not ask for it never notices that the display has gone, and repeats the last picture for
        ever. A file that exists is never overwritten."""
        return [
            *(self.program, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-n"),
            *("-progress", "pipe:1", "-stats_period", "0.05"),
            *("-f", "x11grab", "-draw_mouse", "1", "-framerate", str(self.grabs_per_s)),
            *("-i", self.display, "-vf", f"fps={self.frames_per_s}"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-crf", "28"),
            *("-pix_fmt", "yuv420p", "-threads", "1", "-flush_packets", "1"),
            *("-f", "mpegts", str(file)),
        ]


class Segment:
    """One file. `start` it once; `close` it in any case, whatever `start` or `ended` said."""

    def __init__(self, source: Source, file: Path) -> None:
        self.file: Final = file
        self._source = source
        self._child: asyncio.subprocess.Process | None = None
        self._over: asyncio.Future[tuple[None, None]] | None = None  # its pipes are at their end
        self._frames = 0
        self._moved = asyncio.Event()  # another frame, or over
        self._said = ""

    async def start(self) -> None:
        """Until the first frame is in the file. Raises Failed."""
        within_s = self._source.first_frame_within_s
        try:
            await self._spawn()
            async with asyncio.timeout(within_s):
                while self._frames == 0 and not self._is_over():
                    await self._next_move()
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise self._failed(Failed.NO_FRAME, f"no frame within {within_s:g} s") from None
            raise self._failed(Failed.NO_START, str(error.strerror)) from error
        if self._frames == 0:
            raise self._failed(Failed.NO_START, "ended before its first frame")

    async def ended(self) -> Failed:
        """Waits until ffmpeg records no more though nobody closed it, and says why."""
        while not self._is_over():
            try:
                async with asyncio.timeout(self._source.no_frame_for_s):
                    await self._next_move()
            except TimeoutError:
                silent = f"no frame for {self._source.no_frame_for_s:g} s"
                return self._failed(Failed.NO_FRAME, silent)
        return self._failed(Failed.DIED, "ended by itself")

    async def close(self) -> None:
        """Ends ffmpeg and waits until the file is on the disk. When it returns, or raises Failed
        with NO_SYNC, nothing is recorded. NO_END: ffmpeg may still record; try again."""
        if self._child is None:
            return
        await self._end(self._child)
        try:
            async with asyncio.timeout(SYNC_WITHIN_S):
                await asyncio.to_thread(_sync, self.file)
        except FileNotFoundError:
            pass  # it has written nothing
        except (OSError, TimeoutError) as error:
            raise Failed(Failed.NO_SYNC, f"{self.file.name} to the disk: {error!r}") from error

    # ---- inside -----------------------------------------------------------------------------

    async def _spawn(self) -> None:
        self._child = await asyncio.create_subprocess_exec(
            *self._source.words(self.file),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C at the terminal is the recorder's to handle
            preexec_fn=_die_with(os.getpid()),
        )
        assert self._child.stdout is not None and self._child.stderr is not None
        self._over = asyncio.gather(
            self._read_progress(self._child.stdout), self._read_complaints(self._child.stderr)
        )
        self._over.add_done_callback(lambda _: self._moved.set())

    async def _end(self, child: asyncio.subprocess.Process) -> None:
        """SIGTERM, then SIGKILL after the deadline. Raises Failed if even that is in vain."""
        assert self._over is not None
        for number, within_s in (
            (signal.SIGTERM, self._source.close_within_s),
            (signal.SIGKILL, KILL_WITHIN_S),
        ):
            if not self._is_over():
                with suppress(ProcessLookupError):
                    child.send_signal(number)
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await child.wait()
                    await asyncio.wait([self._over])
                    return
        raise self._failed(Failed.NO_END, f"(process {child.pid}) does not end")

    def _is_over(self) -> bool:
        return self._over is not None and self._over.done()

    async def _next_move(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    def _failed(self, code: int, what: str) -> Failed:
        """With ffmpeg's last line, which tells most."""
        lines = self._said.strip().splitlines()
        return Failed(code, f"{self._source.program} {what}" + (f": {lines[-1]}" if lines else ""))

    async def _read_progress(self, pipe: asyncio.StreamReader) -> None:
        """How many frames are written. ffmpeg says it again and again: a line that two reads
        share is made up for by the next one."""
        while said := await pipe.read(READ_BYTES):
            for number in re.findall(rb"^frame=(\d+)$", said, re.MULTILINE):
                if int(number) > self._frames:
                    self._frames = int(number)
                    self._moved.set()

    async def _read_complaints(self, pipe: asyncio.StreamReader) -> None:
        """All of them also to our own stderr."""
        while said := await pipe.read(READ_BYTES):
            text = said.decode(errors="replace")
            print(text, end="", file=sys.stderr, flush=True)
            self._said = (self._said + text)[-READ_BYTES:]


def _die_with(parent: int) -> Callable[[], None]:
    """Runs in the child before it becomes ffmpeg: the kernel kills it when its parent ends."""

    def in_child() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it has ended already
            os._exit(1)

    return in_child


def _sync(file: Path) -> None:
    """The file and its name."""
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
