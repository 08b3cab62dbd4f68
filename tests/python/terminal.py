"""A terminal for programs that edit a line: what they write, and what is on its screen then."""
from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import struct
import termios

from harness import PATIENCE_S, until

COLUMNS = 60
ROWS = 200  # so many that nothing is scrolled away

UNFINISHED = re.compile(r"\x1b(\[[?0-9;]*|[()])?$")
SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([@-~])|\x1b[()][0-9A-B]|\x1b[=>78]")


class Screen:
    """As much of an ANSI terminal as line editors use."""

    def __init__(self) -> None:
        self.rows = [[" "] * COLUMNS for _ in range(ROWS)]
        self.row = 0
        self.column = 0
        self.rest = ""  # of a sequence that is not whole yet

    def write(self, text: str) -> None:
        text = self.rest + text
        unfinished = UNFINISHED.search(text)
        self.rest = unfinished.group() if unfinished else ""
        text = text.removesuffix(self.rest)
        while text:
            if match := SEQUENCE.match(text):
                if match.group(2):
                    self.control(match.group(1), match.group(2))
                text = text[match.end() :]
                continue
            self.one(text[0])
            text = text[1:]

    def one(self, character: str) -> None:
        if character == "\n":
            self.row += 1
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character >= " ":
            if self.column == COLUMNS:
                self.row, self.column = self.row + 1, 0
            self.rows[self.row][self.column] = character
            self.column += 1

    def control(self, words: str, final: str) -> None:
        count = int(words) if words.isdigit() else 1
        line = self.rows[self.row]
        at = min(self.column, COLUMNS - 1)
        if final == "A":
            self.row = max(0, self.row - count)
        elif final == "C":
            self.column = min(COLUMNS - 1, at + count)
        elif final == "D":
            self.column = max(0, at - count)
        elif final == "G":
            self.column = count - 1
        elif final in "KJ":
            line[at:] = [" "] * (COLUMNS - at)
            if final == "J":
                for below in self.rows[self.row + 1 :]:
                    below[:] = [" "] * COLUMNS
        elif final == "P":
            del line[at : at + count]
            line += [" "] * (COLUMNS - len(line))
        elif final == "@":
            line[at:at] = [" "] * count
            del line[COLUMNS:]

    def lines(self) -> list[str]:
        return ["".join(row).rstrip() for row in self.rows[: self.row + 1]]


class Typist:
    """A program whose input and output are a terminal, and who types there."""

    def __init__(self, *words: str, **variables: str) -> None:
        self._words = words
        self._variables = {"TERM": "xterm", "NO_COLOR": "1", **variables}
        self.written = ""
        self.screen = Screen()

    async def __aenter__(self) -> Typist:
        self._terminal, inner = pty.openpty()
        size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
        fcntl.ioctl(inner, termios.TIOCSWINSZ, size)
        self._child = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env={**os.environ, **self._variables},
        )
        os.close(inner)
        asyncio.get_running_loop().add_reader(self._terminal, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._child.returncode is None:
            self._child.kill()
        await self._child.wait()
        asyncio.get_running_loop().remove_reader(self._terminal)
        os.close(self._terminal)

    def _read(self) -> None:
        try:
            text = os.read(self._terminal, 65536).decode(errors="replace")
        except OSError:  # the program has closed its end
            asyncio.get_running_loop().remove_reader(self._terminal)
            return
        self.written += text
        self.screen.write(text)

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    async def shows(self, line: str) -> None:
        """Until the last line of the screen is this, without blanks at its end."""
        await until(
            f"the last line is {line!r}, not:\n" + "\n".join(self.screen.lines()),
            lambda: self.screen.lines()[-1] == line,
        )

    async def has(self, text: str, times: int = 1) -> None:
        await until(
            f"{text!r} on the screen, not only:\n" + "\n".join(self.screen.lines()),
            lambda: sum(text in line for line in self.screen.lines()) >= times,
        )

    async def wait(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self._child.wait()
