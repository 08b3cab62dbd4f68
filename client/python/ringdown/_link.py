"""One socket: frames in and out, the two clocks of a link, and how it ended. Internal."""
from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Callable, Final, cast

from google.protobuf.message import DecodeError

from .errors import LinkLost, ProtocolError
from .framing import EVENT_HEADER_BYTES_MAX, FrameDecoder, FramingError, delimited
from .reasons import DisconnectReason
from .tls import SHUTDOWN_S, TLS, tls_failed
from .v1 import ringdown_pb2 as v1

CLOCK_MIN_S: Final = 0.01
"""No clock of a link runs faster, whatever a broker grants: it must not keep us busy."""

STANDSTILL_S: Final = 0.5
"""A handler that keeps the event loop so long is told of, also where heartbeats are rarer: other
DNs' orders wait for it, a `pause` among them."""

_log: Final = logging.getLogger("ringdown")


class Link(asyncio.Protocol):
    """`on_frame` gets each frame and its size, in order, until the link has ended; `on_end` gets
    the reason, once. Both are called on the event loop. `on_frame` may raise ProtocolError."""

    def __init__(
        self, on_frame: Callable[[v1.Frame, int], None], on_end: Callable[[LinkLost], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_frame = on_frame
        self._on_end = on_end
        self._transport: asyncio.Transport | None = None
        self._decoder = FrameDecoder()
        self._end: LinkLost | None = None
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._interval_s = self._timeout_s = 0.0  # set by sign-on
        self._sent_at = self._heard_at = self._loop.time()
        self._due = float("inf")  # when the clocks are to be looked at
        self._tick: asyncio.TimerHandle | None = None

    async def connect(self, host: str, port: int, tls: TLS | None, timeout_s: float) -> None:
        """Raises LinkLost. A TLS handshake takes no longer than `timeout_s`."""
        try:
            if tls is None:
                await self._loop.create_connection(lambda: self, host, port)
                return
            context = await self._loop.run_in_executor(None, tls.context)  # it reads files
            await self._loop.create_connection(
                lambda: self,
                host,
                port,
                ssl=context,
                server_hostname=tls.server_name or host,
                ssl_handshake_timeout=timeout_s,
                ssl_shutdown_timeout=SHUTDOWN_S,
            )
        except ssl.SSLError as error:
            raise tls_failed(error) from error
        except LinkLost:
            raise
        except OSError as error:
            raise LinkLost(f"cannot connect to {host}:{port}: {error}") from error

    @property
    def end(self) -> LinkLost | None:
        """Why the link has ended; None while it stands."""
        return self._end

    def establish(self, granted: v1.EventLinkConnected, frame_bytes_max: int) -> None:
        """Sign-on is done: its limits and clocks are in force. `frame_bytes_max` is our own."""
        self._decoder.frame_bytes_max = (
            min(granted.frame_bytes_max, frame_bytes_max) + EVENT_HEADER_BYTES_MAX
        )
        self._interval_s = max(granted.heartbeat_interval_ms / 1000, CLOCK_MIN_S)
        self._timeout_s = max(granted.heartbeat_timeout_ms / 1000, 2 * CLOCK_MIN_S)
        self._look_at_clocks()

    def send(self, frame: bytes) -> None:
        """Sends a serialized frame. What cannot go out yet waits, bounded by the window."""
        if self._transport is not None and self._end is None:
            self._transport.write(delimited(frame))
            self._sent_at = self._loop.time()

    def stood_still(self, seconds: float, by: str) -> None:
        """The event loop has not run for so long, because of `by`. Warns of it in the log, if it
        is long."""
        if self._end is not None or not 0 < min(self._interval_s, STANDSTILL_S) < seconds:
            return
        self._due = float("inf")  # told: not again for the clocks' sake
        _log.warning(
            "%s blocked the event loop for %.3f s: meanwhile no order of any DN was done and no "
            "heartbeat went out; after %.3f s of that the link is lost. Await what takes long, or "
            "give a plain function as the handler: it runs on a thread of its own",
            by,
            seconds,
            self._timeout_s,
        )

    def finish(self, reason: LinkLost, *, at_once: bool = False) -> None:
        """Ends the link for this reason, unless it has ended. At once: without what is unsent."""
        if self._end is not None:
            return
        self._end = reason
        if self._tick is not None:
            self._tick.cancel()
        if self._transport is not None:
            # Without abort the socket stays until the peer has read what it may never read.
            if at_once or self._transport.get_write_buffer_size() > 0:
                self._transport.abort()
            else:
                self._transport.close()
        self._on_end(reason)

    async def closed(self) -> None:
        """Until the socket is closed, if there is one; `finish` makes that soon."""
        if self._transport is not None:
            await asyncio.shield(self._closed)

    # ---- what asyncio calls -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._end is not None:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        if isinstance(error, ssl.SSLError):  # a certificate, too, that the broker does not take
            self.finish(tls_failed(error))
        else:
            broke = f"the connection broke: {error}"
            self.finish(LinkLost(broke if error else "the broker closed it"))
        if not self._closed.done():
            self._closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        if self._end is not None:
            return
        self._look_for_standstill(self._heard_at)
        self._decoder.feed(data)
        try:
            while self._end is None and (body := self._decoder.next()) is not None:
                self._take(body)
        except FramingError as error:
            self.finish(ProtocolError(str(error)), at_once=True)
        except ProtocolError as error:
            self.finish(error, at_once=True)

    def _take(self, body: bytes) -> None:
        frame = v1.Frame()
        try:
            taken = frame.ParseFromString(body)
        # A Protobuf in pure Python recurses as deep as the bytes say, and decodes text itself. The
        # warning is that of the next line's case, where a program makes warnings errors.
        except (DecodeError, RecursionError, UnicodeDecodeError, RuntimeWarning) as error:
            raise ProtocolError(f"a frame that is no Protobuf: {error}") from error
        if taken != len(body):
            raise ProtocolError(f"a frame that is no Protobuf after {taken} bytes")
        if frame.WhichOneof("body") == "event_link_disconnected":
            self.finish(_last_word(frame.event_link_disconnected))
        else:
            self._on_frame(frame, len(body))

    # ---- clocks -----------------------------------------------------------------------------

    def _look_at_clocks(self) -> None:
        """Sends a heartbeat if nothing else was said, notices a dead peer, and sets the timer for
        the next time either may be due. asyncio reads sockets before it runs timers: after a pause
        of this program what the broker has said meanwhile is heard first."""
        now = self._loop.time()
        self._look_for_standstill(now)
        if now - self._heard_at >= self._timeout_s:
            silent = f"nothing was heard for {self._timeout_s:g} s"
            self.finish(LinkLost(silent), at_once=True)
            return
        if now - self._sent_at >= self._interval_s:
            # With bytes still unsent there is something else to say already.
            if self._transport is not None and self._transport.get_write_buffer_size() == 0:
                self.send(v1.Frame(heartbeat=v1.Heartbeat()).SerializeToString())
            self._sent_at = now
        self._due = min(self._sent_at + self._interval_s, self._heard_at + self._timeout_s)
        self._tick = self._loop.call_at(self._due, self._look_at_clocks)

    def _look_for_standstill(self, now: float) -> None:
        """The clocks run late if the program keeps the event loop: who does, is not known here."""
        if now - self._due > self._interval_s:
            self.stood_still(now - self._due, "something in this program")


def _last_word(said: v1.EventLinkDisconnected) -> LinkLost:
    try:
        name = v1.DisconnectReason.Name(said.reason).removeprefix("DISCONNECT_REASON_")
    except ValueError:  # of a later protocol
        name = str(int(said.reason))
    return LinkLost(
        f"the broker ended it: {name} {said.text}".rstrip(),
        reason=DisconnectReason.of(said.reason),
        retry_after_ms=said.retry_after_ms if said.HasField("retry_after_ms") else None,
    )
