"""A display of its own with an agent's desktop on it: a light, a clock that moves, and, on demand,
a card number on a magenta and green checker that nothing else on the screen looks like."""
from __future__ import annotations

import asyncio
import os
from contextlib import redirect_stdout
from io import StringIO
from types import TracebackType
from typing import Any, Final

from Xlib import X
from Xlib.display import Display

WIDTH: Final = 640
HEIGHT: Final = 400
CARD: Final = (120, 90, 400, 240)
"""x, y, width, height."""
SQUARE: Final = 40
"""Of the checker, in pixels."""
MAGENTA: Final = 0xFF00FF
GREEN: Final = 0x00FF00
LAMPS: Final = {"recording": 0xC03028, "paused": 0xC09020, "off": 0x707880, "unknown": 0x404850}
START_WITHIN_S: Final = 30.0

# Five by seven, a row a byte: the X server's own fonts are too small to be read in a film.
_GLYPHS: Final = {
    "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010204081f", "3": "1f02040201110e",
    "4": "02060a121f0202", "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808",
    "8": "0e11110e11110e", "9": "0e11110f01020c", "A": "0e11111f111111", "C": "0e11101010110e",
    "D": "1c12111111121c", "E": "1f10101e10101f", "F": "1f10101e101010", "G": "0e11101711110f",
    "I": "0e04040404040e", "K": "11121418141211", "N": "11191513111111", "O": "0e11111111110e",
    "P": "1e11111e101010", "R": "1e11111e141211", "S": "0f10100e01011e", "T": "1f040404040404",
    "U": "1111111111110e", "W": "1111111515150a",
}  # fmt: skip


class Stage:
    """Use it as an async context manager. What it shows is on the display when a call returns."""

    async def __aenter__(self) -> Stage:
        readable, writable = os.pipe()
        with os.fdopen(readable) as told:
            self._server = await asyncio.create_subprocess_exec(
                *("Xvfb", "-displayfd", str(writable), "-screen", "0", f"{WIDTH}x{HEIGHT}x24"),
                *("-nolisten", "tcp"),
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=[writable],
            )
            os.close(writable)
            async with asyncio.timeout(START_WITHIN_S):
                number = (await asyncio.to_thread(told.readline)).strip()
        if not number:
            raise RuntimeError("Xvfb has not started")
        self.display = f":{number}"
        with redirect_stdout(StringIO()):  # it misses an authority file, which nobody needs here
            self._x = Display(self.display)
        self._root = self._x.screen().root
        self._scene = self._root.create_pixmap(WIDTH, HEIGHT, self._x.screen().root_depth)
        self._draw = self._scene.create_gc()
        self._card = self._make_card()
        self.card_is_up = False
        self._rectangle(0x28303C, 0, 0, WIDTH, HEIGHT)
        self._rectangle(0x3C4858, 20, 80, 180, HEIGHT - 100)
        self._rectangle(0xD8DCE0, 220, 80, WIDTH - 240, HEIGHT - 100)
        self.show_light("unknown")
        self._clock = asyncio.create_task(self._run_clock(), name="clock")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server.returncode is None:
            await self.end()

    async def end(self) -> None:
        """The display goes away, as at a log-out, whoever still looks at it."""
        self._clock.cancel()
        await asyncio.wait([self._clock])
        self._x.close()
        self._server.terminate()
        await self._server.wait()

    @property
    def server_pid(self) -> int:
        return self._server.pid

    def show_light(self, name: str) -> None:
        self._rectangle(LAMPS[name], 20, 20, WIDTH - 40, 44)
        self._write(name.upper(), 0xFFFFFF, 36, 28, 4)
        self._show_scene()

    def show_card(self) -> None:
        self._card.map()
        self._x.sync()
        self.card_is_up = True
        x, y, _, _ = CARD
        seen = self._root.get_image(x + 4, y + 4, 1, 1, X.ZPixmap, 0xFFFFFFFF).data
        if seen[:3] != MAGENTA.to_bytes(3, "little"):
            raise RuntimeError(f"the card is not on the screen: {seen!r}")

    def hide_card(self) -> None:
        """What was under it is there again when this returns: the server itself paints it."""
        self._card.unmap()
        self._x.sync()
        self.card_is_up = False

    # ---- inside -----------------------------------------------------------------------------

    def _make_card(self) -> Any:
        x, y, width, height = CARD
        window = self._root.create_window(
            x, y, width, height, 0, self._x.screen().root_depth, override_redirect=True
        )
        picture = window.create_pixmap(width, height, self._x.screen().root_depth)
        draw = picture.create_gc()
        for column in range(width // SQUARE):
            for row in range(height // SQUARE):
                draw.change(foreground=(MAGENTA, GREEN)[(column + row) % 2])
                picture.fill_rectangle(draw, column * SQUARE, row * SQUARE, SQUARE, SQUARE)
        for line, text in enumerate(("CARD", "4111 1111", "1111 1111")):
            _write(picture, draw, text, 0x000000, 56, 44 + 56 * line, 6)
        window.change_attributes(background_pixmap=picture)
        return window

    async def _run_clock(self) -> None:
        """Without it all frames would look the same."""
        tick = 0
        while True:
            self._rectangle(0xD8DCE0, 440, 320, 180, 40)
            self._write(f"{tick:06}", 0x28303C, 440, 326, 4)
            self._show_scene()
            tick += 1
            await asyncio.sleep(0.1)

    def _rectangle(self, colour: int, x: int, y: int, width: int, height: int) -> None:
        self._draw.change(foreground=colour)
        self._scene.fill_rectangle(self._draw, x, y, width, height)

    def _write(self, text: str, colour: int, x: int, y: int, scale: int) -> None:
        _write(self._scene, self._draw, text, colour, x, y, scale)

    def _show_scene(self) -> None:
        self._root.change_attributes(background_pixmap=self._scene)
        self._root.clear_area(0, 0, WIDTH, HEIGHT)
        self._x.sync()


def _write(
    picture: Any, draw: Any, text: str, colour: int, x: int, y: int, scale: int
) -> None:
    draw.change(foreground=colour)
    dots = []
    for at, letter in enumerate(text):
        for row, bits in enumerate(bytes.fromhex(_GLYPHS.get(letter, "00" * 7))):
            for column in range(5):
                if bits >> (4 - column) & 1:
                    left = x + (at * 6 + column) * scale
                    dots.append((left, y + row * scale, scale, scale))
    if dots:
        picture.poly_fill_rectangle(draw, dots)
