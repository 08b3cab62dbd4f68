"""A server that says what a test tells it to, right or wrong."""
from __future__ import annotations

import asyncio
from typing import Awaitable, Callable

from ringdown import v1
from ringdown.framing import FrameDecoder, delimited


class FakeLink:
    """One accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = FrameDecoder(1 << 20)
        self.looks: v1.Snapshot | None = None
        """If set, the answer to each RequestQueryAddress, which `hear_request` then passes over."""

    async def hear(self) -> v1.Frame:
        """The client's next frame. Raises EOFError at the end."""
        while (body := self._decoder.next()) is None:
            data = await self._reader.read(65536)
            if not data:
                raise EOFError
            self._decoder.feed(data)
        return v1.Frame.FromString(body)

    async def hear_request(self) -> v1.Frame:
        """The next frame that is no heartbeat."""
        while True:
            frame = await self.hear()
            if frame.HasField("request_query_address") and self.looks is not None:
                self.inform(frame, self.looks)
            elif not frame.HasField("heartbeat"):
                return frame

    async def hear_the_end(self) -> None:
        """Until the client has closed its side, in order or not."""
        try:
            while True:
                await self.hear_request()
        except (EOFError, ConnectionError):
            pass

    def say(self, frame: v1.Frame) -> None:
        self.say_bytes(delimited(frame.SerializeToString()))

    def say_bytes(self, data: bytes) -> None:
        self._writer.write(data)

    async def grant(self, **other: int) -> v1.Frame:
        """Answers the sign-on, which it returns."""
        request = await self.hear()
        assert request.HasField("request_sign_on")
        granted = v1.EventLinkConnected(
            version=1,
            client_id=7,
            window_requests=4,
            window_bytes=100_000,
            frame_bytes_max=65_536,
            user_data_bytes_max=16_000,
            heartbeat_interval_ms=60_000,
            heartbeat_timeout_ms=150_000,
            dns_per_request_max=4,
        )
        for name, value in other.items():
            setattr(granted, name, value)
        self.say(v1.Frame(reference_id=request.reference_id, event_link_connected=granted))
        return request

    async def register(self, *snapshots: v1.Snapshot) -> None:
        """Answers a registration: each DN with its snapshot, or all with the same one."""
        request = await self.hear_request()
        dns = request.request_register_address.this_dn
        given = snapshots or (v1.Snapshot(dn_epoch=1),)
        for dn, snapshot in zip(dns, given if len(given) > 1 else given * len(dns)):
            registered = v1.EventRegistered(this_dn=dn, snapshot=snapshot)
            self.say(v1.Frame(reference_id=request.reference_id, event_registered=registered))

    def inform(self, question: v1.Frame, snapshot: v1.Snapshot) -> None:
        """Answers a RequestQueryAddress."""
        dn = question.request_query_address.this_dn
        info = v1.EventAddressInfo(this_dn=dn, snapshot=snapshot)
        self.say(v1.Frame(reference_id=question.reference_id, event_address_info=info))

    def accept(self, request: v1.Frame, sequence: int, version: int = 0) -> None:
        """Answers a RequestSendEvent."""
        ack = v1.EventACK(dn_sequence=sequence, dn_epoch=1, version=version)
        self.say(v1.Frame(reference_id=request.reference_id, event_ack=ack))

    async def sign_off(self) -> None:
        """Answers a sign-off."""
        request = await self.hear_request()
        assert request.HasField("request_sign_off"), request
        goodbye = v1.EventLinkDisconnected(reason=v1.DISCONNECT_REASON_SIGNED_OFF)
        self.say(v1.Frame(reference_id=request.reference_id, event_link_disconnected=goodbye))


def user_event(
    dn: str,
    sequence: int,
    *,
    epoch: int = 1,
    word: str = "",
    state: v1.CaptureState = v1.CAPTURE_STATE_UNKNOWN,
    version: int = 0,
    call: int = 0,
    desired: v1.CaptureState | None = None,
) -> v1.Frame:
    """An event; `word`: its `screen-capture`, `state`: the light after it."""
    event = v1.Event(this_dn=dn, connection_id=call)
    if word:
        event.user_data.pairs.add(key="screen-capture", string_value=word)
    return v1.Frame(
        event_user_event=v1.EventUserEvent(
            dn_sequence=sequence,
            dn_epoch=epoch,
            effective_state=state,
            version=version,
            desired=desired,
            event=event,
        )
    )


Behaviour = Callable[[FakeLink], Awaitable[None]]


class FakeBroker:
    """Listens on 127.0.0.1 and treats each connection as `behave` says. What it raises, `async
    with` raises at its end, so that a wrong expectation in a test is seen."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._tasks: list[asyncio.Task[None]] = []
        self.host = "127.0.0.1"
        self.port = 0

    async def __aenter__(self) -> FakeBroker:
        self._server = await asyncio.start_server(self._accept, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._server.close()
        if kind is not None:
            for task in self._tasks:
                task.cancel()
        async with asyncio.timeout(60):
            await asyncio.gather(*self._tasks, return_exceptions=kind is not None)
            await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._behave(FakeLink(reader, writer))
        finally:
            writer.close()
            try:
                await writer.wait_closed()
            except ConnectionError:
                pass  # the client was quicker
