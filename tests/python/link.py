"""A wire to the broker that can be cut: whoever connects through it loses all at once, and finds
nobody until it is mended. Or it swallows what the broker says."""
from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Callable, Final

READ_BYTES: Final = 65536


class Link:
    """Use it as an async context manager. Listens on a port of the kernel's choice."""

    host = "127.0.0.1"

    def __init__(self, port: int) -> None:
        self.broker_port = port
        """May be set to that of a broker that was started again."""
        self._whole = True
        self._swallows = False
        self._ends: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Link:
        self._server = await asyncio.start_server(self._carry, self.host, 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        self.cut()
        while self._ends:
            await asyncio.sleep(0.005)

    def cut(self) -> None:
        """Everybody on it is reset, and so is who comes."""
        self._whole = False
        for end in self._ends:
            end.transport.abort()

    def swallow_answers(self) -> None:
        """Nothing that the broker says from now on arrives, until it is mended. What it is asked
        arrives."""
        self._swallows = True

    def mend(self) -> None:
        self._whole = True
        self._swallows = False

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        self._ends.add(writer)
        try:
            there, back = await asyncio.open_connection(self.host, self.broker_port)
        except OSError:
            there, back = None, None
        if there is not None and back is not None and self._whole:
            self._ends.add(back)
            answers = _pump(there, writer, lambda: self._swallows)
            await asyncio.gather(_pump(reader, back, lambda: False), answers)
        for end in (writer, back):
            if end is not None:
                end.transport.abort()
                self._ends.discard(end)


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, swallows: Callable[[], bool]
) -> None:
    """Until either side ends; then both do."""
    try:
        while data := await source.read(READ_BYTES):
            if not swallows():
                sink.write(data)
                await sink.drain()
    except OSError:
        pass
    sink.transport.abort()
