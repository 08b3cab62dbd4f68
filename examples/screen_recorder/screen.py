"""One DN's screen: does what is ordered, one order after the other, and knows what is so.

What is recorded is a file for each time that recording begins, so nothing has to be cut out of a
file: a pause is a closed file.
"""
from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Final
from urllib.parse import quote

from ringdown import CaptureState

from segment import Failed, Segment, Source

NAME_MAX: Final = 200
"""Of a DN in a file's name, which may have 255 bytes."""


class Screen:
    """`on_failure(dn, why)` is called when the recording ends though nobody asked for that."""

    def __init__(
        self, dn: str, source: Source, folder: Path, on_failure: Callable[[str, Failed], None]
    ) -> None:
        self.dn: Final = dn
        self._source = source
        self._folder = folder
        self._on_failure = on_failure
        self._state = CaptureState.DISABLED
        self._segment: Segment | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def state(self) -> CaptureState:
        """What is so. ENABLED also while nobody can say for sure that nothing is recorded."""
        return self._state

    async def be(self, wanted: CaptureState) -> None:
        """Until the screen is what is wanted: ENABLED once a frame is in the file, PAUSED and
        DISABLED once the file is closed and on the disk. Raises Failed; then `state` is what is
        so all the same."""
        async with self._one_at_a_time:
            if wanted is not CaptureState.ENABLED:
                await self._close(wanted)
            elif self._segment is None or self._state is not CaptureState.ENABLED:
                await self._open()

    # ---- inside -----------------------------------------------------------------------------

    async def _open(self) -> None:
        before = self._state
        time = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%f")
        name = f"{quote(self.dn, safe='')[:NAME_MAX]}-{time}.ts"  # a DN may have any character
        segment = Segment(self._source, self._folder / name)
        self._segment = segment
        self._state = CaptureState.ENABLED  # from now on there may be a frame
        try:
            await segment.start()
        except BaseException:
            await self._close(before)
            raise
        self._watcher = asyncio.create_task(self._watch(segment), name=f"watch {self.dn}")

    async def _close(self, then: CaptureState) -> None:
        if self._segment is not None:
            try:
                await self._segment.close()
            except Failed as why:
                if why.code != Failed.NO_END:
                    self._closed(then)
                raise
        self._closed(then)

    def _closed(self, then: CaptureState) -> None:
        self._state = then
        self._segment = None
        if self._watcher is not None and self._watcher is not asyncio.current_task():
            self._watcher.cancel()
        self._watcher = None

    async def _watch(self, segment: Segment) -> None:
        why = await segment.ended()
        async with self._one_at_a_time:
            if self._segment is not segment:
                return
            try:
                await self._close(CaptureState.DISABLED)
            except Failed as worse:
                why = worse
            # Before any order that waits is done: what is told of it is the newer word.
            self._on_failure(self.dn, why)
