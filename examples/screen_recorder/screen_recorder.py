"""Records X displays with ffmpeg, as the broker orders. SIGTERM ends it in order.

usage: screen_recorder.py [options] HOST PORT FOLDER DN=DISPLAY...

Files go into FOLDER, one for each time that recording begins: DN-TIME.ts.
"""
from __future__ import annotations

import argparse
import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final, Mapping

from ringdown import CaptureState, Cause, Failure, Identity, LinkChange, Order
from ringdown import RingdownError, SteadyRecorder, v1

from screen import Screen
from segment import Failed, Source


class ScreenRecorder:
    """All screens of one recorder. Each gets its orders one after the other, and waits for no
    other screen."""

    def __init__(self, sources: Mapping[str, Source], folder: Path) -> None:
        self._screens: Final = {
            dn: Screen(dn, source, folder, self._tell_failure) for dn, source in sources.items()
        }
        self._told: dict[str, CaptureState] = {}
        self._recorder: SteadyRecorder | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def run(self, host: str, port: int) -> None:
        """Until it is cancelled; comes back whenever the link is lost, but not from a takeover."""
        identity = Identity(v1.ROLE_RECORDER, application_name="screen-recorder")
        try:
            async with SteadyRecorder(
                [(host, port)], list(self._screens), identity=identity, on_link=self._on_link
            ) as recorder:
                self._recorder = recorder
                await recorder.run(self._do)
        finally:
            await self._stop()

    # ---- inside -----------------------------------------------------------------------------

    async def _on_link(self, link: LinkChange) -> None:
        """The next attempt to connect waits for this."""
        if link.stands:
            print("recorder ready", flush=True)
            return
        print(f"lost: {link.error}", flush=True)
        await self._stop()
        assert self._recorder is not None
        for dn in self._screens:  # it is not as the last order wanted it: that is to come again
            self._recorder.screens.forget(dn)

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
        word = Failure(why.code, why.text, self._screens[dn].state)
        task = asyncio.create_task(self._say(dn, word))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _say(self, dn: str, word: Failure) -> None:
        assert self._recorder is not None
        with suppress(RingdownError):  # without a link it is said by the next one
            await self._recorder.say(dn, word)


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
