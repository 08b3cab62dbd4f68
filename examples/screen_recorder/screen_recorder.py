"""Records X displays with ffmpeg, as the broker orders. SIGTERM ends it in order.

usage: screen_recorder.py [options] HOST PORT FOLDER DN=DISPLAY...

Files go into FOLDER, one for each time that recording begins: DN-TIME.ts.
"""
from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final, Mapping

from ringdown import CaptureState, Cause, Failure, Identity, LinkLost, Order, Recorder
from ringdown import RingdownError, v1

from screen import Screen
from segment import Failed, Source

WAIT_MIN_S: Final = 0.1
WAIT_MAX_S: Final = 10.0
"""Between two tries to connect: a time that grows with each failure."""


class ScreenRecorder:
    """All screens of one recorder. Each gets its orders one after the other, and waits for no
    other screen."""

    def __init__(self, sources: Mapping[str, Source], folder: Path) -> None:
        self._screens: Final = {
            dn: Screen(dn, source, folder, self._tell_failure) for dn, source in sources.items()
        }
        self._told: dict[str, CaptureState] = {}
        self._recorder: Recorder | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def run(self, host: str, port: int) -> None:
        """Until it is cancelled; connects again whenever the link is lost."""
        identity = Identity(v1.ROLE_RECORDER, application_name="screen-recorder")
        loop = asyncio.get_running_loop()
        wait_s = WAIT_MIN_S
        try:
            while True:
                began = loop.time()
                at_least_s = await self._serve(host, port, identity)
                await self._stop()
                if loop.time() - began > WAIT_MAX_S:
                    wait_s = WAIT_MIN_S  # it stood well
                await asyncio.sleep(at_least_s + wait_s * random.uniform(0.5, 1))
                wait_s = min(wait_s * 2, WAIT_MAX_S)
        finally:
            await self._stop()

    # ---- inside -----------------------------------------------------------------------------

    async def _serve(self, host: str, port: int, identity: Identity) -> float:
        """Until the link is lost. How long the broker wants to be left alone."""
        try:
            async with await Recorder.connect(
                host, port, list(self._screens), identity=identity
            ) as recorder:
                print("recorder ready", flush=True)
                self._recorder = recorder
                await recorder.run(self._do)
        except RingdownError as error:
            print(f"lost: {error}", flush=True)
            return (error.retry_after_s or 0.0) if isinstance(error, LinkLost) else 0.0
        finally:
            self._recorder = None
        return 0.0

    async def _do(self, order: Order) -> CaptureState | Failure:
        """Says what is so only when it is so."""
        screen = self._screens[order.dn]
        wanted = order.screen
        if wanted is not None:
            self._told[order.dn] = wanted
        elif order.cause is Cause.FOUND:
            # The broker has started anew and knows of no orders: the last one of its predecessor
            # stands. Until now the light has said UNKNOWN, so there is no card on the screen.
            wanted = self._told.get(order.dn)
        try:
            if wanted is not None:
                await screen.be(wanted)
        except Failed as why:
            print(f"{order.dn}: {order.verb.value} failed: {why}", flush=True)
            # Paused though the disk complains, say; or not done at all.
            return Failure(why.code, why.text, wanted if screen.state is wanted else None)
        print(f"{order.dn}: {order.verb.value} -> {screen.state.value}", flush=True)
        return screen.state

    async def _stop(self) -> None:
        """Nobody could pause what is recorded without a link. What is paused stays so. The
        broker says what is to be when the link stands again."""
        await asyncio.gather(*(self._stop_one(screen) for screen in self._screens.values()))

    async def _stop_one(self, screen: Screen) -> None:
        if screen.state is CaptureState.ENABLED:
            try:
                await screen.be(CaptureState.DISABLED)
            except Failed as why:
                print(f"{screen.dn}: {why}", flush=True)

    def _tell_failure(self, dn: str, why: Failed) -> None:
        print(f"{dn}: {why}", flush=True)
        if self._recorder is not None:
            task = asyncio.create_task(self._say(self._recorder, dn, why))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _say(self, recorder: Recorder, dn: str, why: Failed) -> None:
        with suppress(RingdownError):  # without a link it is said by the next one
            await recorder.say(dn, Failure(why.code, why.text, self._screens[dn].state))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Records X displays, as the broker orders.")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path, help="where the files go")
    parser.add_argument("screens", nargs="+", metavar="DN=DISPLAY", type=_screen)
    add = parser.add_argument
    add("--frames-per-second", type=int, default=Source.frames_per_s)
    add("--first-frame-within", type=float, default=Source.first_frame_within_s, metavar="SECONDS")
    return parser.parse_args()


def _screen(text: str) -> tuple[str, str]:
    dn, _, display = text.rpartition("=")
    if not dn or not display:
        raise argparse.ArgumentTypeError(f"{text!r}, accepted is DN=DISPLAY, such as 7001=:0")
    return dn, display


async def main() -> None:
    options = _options()
    sources = {
        dn: Source(
            display,
            frames_per_s=options.frames_per_second,
            first_frame_within_s=options.first_frame_within,
        )
        for dn, display in options.screens
    }
    os.umask(0o077)  # films of people's screens
    options.folder.mkdir(parents=True, exist_ok=True)
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await ScreenRecorder(sources, options.folder).run(options.host, options.port)


if __name__ == "__main__":
    with suppress(asyncio.CancelledError):
        asyncio.run(main())
