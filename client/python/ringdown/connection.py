"""A T-Client's connection: sign-on, registrations, requests and their answers, events.

Every wait has a deadline: the `timeout_s` of the call, or `Limits.request_timeout_s`. A wait for
events without one ends when the link does, and a silent link ends by its heartbeat. Memory is
bounded by `Limits` and by the window that the broker grants. Not thread-safe.
"""
from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Sequence

from . import _events
from ._events import Event, EventQueue
from ._link import Link
from ._requests import Requests
from .capture import CaptureState, Verb, screen_capture
from .errors import LinkLost, NoAnswer, NotAllGranted, ProtocolError, Refused, WindowFull
from .framing import FRAME_BYTES_BEFORE_SIGN_ON_MAX
from .v1 import ringdown_pb2 as v1

PROTOCOL_VERSION: Final = 1
ASK_AGAIN_S: Final = 1.0
"""Between two tries of `query_until_known`."""
NOT_REGISTERED: Final = 41
_SAFETY: Final = (Verb.PAUSE, Verb.STOP)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a T-Client says it is. Keep it over reconnects: the same application name and instance
    id take over from a connection that only half exists any more."""

    role: v1.Role
    application_name: str = "ringdown-python"
    instance_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    credentials: bytes = b""
    heartbeat_interval_ms: int | None = None
    """Wanted; None: the broker's."""
    capabilities: Sequence[v1.Capability] | None = None
    """None: what this library is able to do in this role. A recorder that uses `Connection` itself
    and does not echo versions names its own."""

    def _capabilities(self) -> Sequence[v1.Capability]:
        if self.capabilities is not None:
            return self.capabilities
        both = [v1.CAPABILITY_DIRECTED, v1.CAPABILITY_COALESCE_OK]
        if self.role == v1.ROLE_RECORDER:
            return [*both, v1.CAPABILITY_EXACT_VERSIONS]
        return [*both, v1.CAPABILITY_OUTCOMES] if self.role == v1.ROLE_DESKTOP else both


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take of time and memory, whatever the broker grants."""

    open_timeout_s: float = 10.0
    """From connect to the end of sign-on; the broker itself waits 5 s."""
    request_timeout_s: float = 10.0
    """For an answer, where a call does not say. A broker that is well takes milliseconds."""
    events_max: int = 4096
    """Events that the program has not taken. Beyond: EventMissed, one for each DN."""
    event_bytes_max: int = 8 * 1024 * 1024
    """Their bytes."""
    frame_bytes_max: int = 16 * 1024 * 1024
    """The largest that a broker can be configured to grant."""
    requests_max: int = 65_536
    request_bytes_max: int = 16 * 1024 * 1024
    """Ceilings of the window."""


class Connection:
    """One link to the broker. Use it as an async context manager: it signs off at the end."""

    def __init__(self, identity: Identity, limits: Limits) -> None:
        """Use `open`."""
        self._limits: Final = limits
        self._identity: Final = identity
        self._requests = Requests()
        self._events = EventQueue(limits.events_max, limits.event_bytes_max)
        self._granted = v1.EventLinkConnected()
        self._link = Link(self._on_frame, self._on_end)
        self._signed_on = False
        self._unasked_error: v1.EventError | None = None

    @classmethod
    async def open(
        cls, host: str, port: int, identity: Identity, limits: Limits = Limits()
    ) -> Connection:
        """Connects and signs on. Raises LinkLost, or Refused if sign-on is refused (53, 55, 119),
        ValueError for a sign-on that does not fit into its frame."""
        self = cls(identity, limits)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limits.open_timeout_s):
                await loop.create_connection(lambda: self._link, host, port)
                await self._sign_on()
        except TimeoutError as error:
            lost = LinkLost(f"no sign-on at {host}:{port} within {limits.open_timeout_s:g} s")
            raise lost from error
        except LinkLost:
            raise
        except OSError as error:
            raise LinkLost(f"cannot connect to {host}:{port}: {error}") from error
        else:
            return self
        finally:
            if not self._signed_on:
                self._link.finish(LinkLost("sign-on failed"), at_once=True)
                await self._link.closed()

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.sign_off()

    # ---- what is so -------------------------------------------------------------------------

    @property
    def granted(self) -> v1.EventLinkConnected:
        """What sign-on granted: limits, window, this connection's client_id, the broker's name."""
        return self._granted

    @property
    def is_open(self) -> bool:
        """False once the link has ended, for whatever reason."""
        return self._link.end is None

    @property
    def outstanding(self) -> int:
        """Requests that wait for their answer, those that nobody waits for included."""
        return len(self._requests)

    def deadline_s(self, timeout_s: float | None) -> float:
        """What a call's `timeout_s` comes to: None is `Limits.request_timeout_s`."""
        return self._limits.request_timeout_s if timeout_s is None else timeout_s

    # ---- requests ---------------------------------------------------------------------------
    #
    # All raise Refused for the broker's EventError; NoAnswer if none came in time and LinkLost if
    # the link ended (then the outcome is unknown if `sent`); WindowFull if nothing was sent.

    async def register(
        self,
        dns: Sequence[str],
        *,
        mode: v1.RegistrationMode = v1.REGISTRATION_MODE_SHARE,
        echo: bool = False,
        standby: bool = False,
        timeout_s: float | None = None,
    ) -> dict[str, v1.Snapshot]:
        """The present state of each DN. Any number of them: they go in requests of at most
        dns_per_request_max, one after the other, each with the deadline. Raises NotAllGranted if
        some were refused; the others are registered."""
        granted: dict[str, v1.Snapshot] = {}
        refused: dict[str, v1.EventError] = {}
        for part in self._parts(dns):
            request = v1.RequestRegisterAddress(
                this_dn=part, mode=mode, echo=echo, standby=standby
            )
            frame = v1.Frame(request_register_address=request)
            for answer in await self._ask(frame, "event_registered", len(part), timeout_s):
                if answer.HasField("event_registered"):
                    granted[answer.event_registered.this_dn] = answer.event_registered.snapshot
                else:
                    _add_refusal(refused, answer.event_error, part)
            self._check_answers(part, [*granted, *refused])
        if refused:
            raise NotAllGranted(refused, list(granted))
        return granted

    async def unregister(self, dns: Sequence[str], *, timeout_s: float | None = None) -> None:
        """Ends registrations. Raises NotAllGranted for those that there are none of."""
        ended: list[str] = []
        refused: dict[str, v1.EventError] = {}
        for part in self._parts(dns):
            frame = v1.Frame(request_unregister_address=v1.RequestUnregisterAddress(this_dn=part))
            for answer in await self._ask(frame, "event_unregistered", len(part), timeout_s):
                if answer.HasField("event_unregistered"):
                    ended.append(answer.event_unregistered.this_dn)
                else:
                    _add_refusal(refused, answer.event_error, part)
            self._check_answers(part, [*ended, *refused])
        if refused:
            raise NotAllGranted(refused, ended)

    async def query_address(self, dn: str, *, timeout_s: float | None = None) -> v1.Snapshot:
        """What the broker knows of a DN that this connection is registered on."""
        frame = v1.Frame(request_query_address=v1.RequestQueryAddress(this_dn=dn))
        answer = await self._ask_one(frame, "event_address_info", timeout_s)
        return answer.event_address_info.snapshot

    async def query_until_known(self, dn: str) -> v1.Snapshot | None:
        """The same, asked again until the broker has room for the question, as long as the link
        stands. None: this connection is not registered there."""
        while True:
            try:
                return await self.query_address(dn)
            except Refused as refused:
                if refused.code == NOT_REGISTERED:
                    return None
                wait_s = refused.retry_after_s or ASK_AGAIN_S
            except (NoAnswer, WindowFull):
                wait_s = ASK_AGAIN_S
            await asyncio.sleep(wait_s)

    async def set_input_mask(
        self, kinds: Sequence[v1.EventKind], *, timeout_s: float | None = None
    ) -> None:
        """Only these kinds of EventUserEvent come from now on; none: all again."""
        request = v1.RequestSetInputMask(event_kinds=kinds)
        await self._ask_one(v1.Frame(request_set_input_mask=request), "event_ack", timeout_s)

    async def send(
        self, request: v1.RequestSendEvent, *, timeout_s: float | None = None
    ) -> v1.EventACK:
        """Sends an event. The answer means accepted: neither delivered nor done. Requests of one
        connection take effect in the order of these calls. `pause` and `stop` go out above the
        window too, within its reserve."""
        safety = screen_capture(request.event) in _SAFETY
        frame = v1.Frame(request_send_event=request)
        return (await self._ask_one(frame, "event_ack", timeout_s, safety)).event_ack

    async def wait_for_room(self, *, timeout_s: float | None = None) -> None:
        """Until a request of any size can go out. Raises TimeoutError, and LinkLost if the link
        has ended."""
        async with asyncio.timeout(self.deadline_s(timeout_s)):
            await self._requests.wait_for_room(self._granted.frame_bytes_max)
        self._check_open()

    # ---- events -----------------------------------------------------------------------------

    async def next_event(self, *, timeout_s: float | None = None) -> Event:
        """The next event in the order in which the broker sent them. Raises TimeoutError if there
        is none in time (None: wait as long as the link stands) and LinkLost after the last one."""
        async with asyncio.timeout(timeout_s):
            return await self._events.get()

    def __aiter__(self) -> Connection:
        return self

    async def __anext__(self) -> Event:
        """Ends after `sign_off`; raises LinkLost if the link ended otherwise."""
        try:
            return await self._events.get()
        except LinkLost as lost:
            if lost.reason == v1.DISCONNECT_REASON_SIGNED_OFF:
                raise StopAsyncIteration from lost
            raise

    # ---- the end ----------------------------------------------------------------------------

    async def sign_off(self, *, timeout_s: float | None = None) -> None:
        """Ends the connection in order; after the deadline, at once. Never raises for the
        network; does nothing if the link has ended."""
        signed_off = LinkLost("signed off", reason=v1.DISCONNECT_REASON_SIGNED_OFF)
        try:
            async with asyncio.timeout(self.deadline_s(timeout_s)):
                if self.is_open:
                    reference = self._requests.next_reference()
                    frame = v1.Frame(
                        reference_id=reference, request_sign_off=v1.RequestSignOff()
                    )
                    self._link.send(frame.SerializeToString())
                await self._link.closed()
        except TimeoutError:
            pass
        finally:
            self._link.finish(signed_off, at_once=True)
            await self._link.closed()

    # ---- inside -----------------------------------------------------------------------------

    async def _sign_on(self) -> None:
        who = self._identity
        request = v1.RequestSignOn(
            version_min=PROTOCOL_VERSION,
            version_max=PROTOCOL_VERSION,
            capabilities=who._capabilities(),
            application_name=who.application_name,
            instance_id=who.instance_id,
            role=who.role,
            credentials=who.credentials,
            heartbeat_interval_ms=who.heartbeat_interval_ms,
        )
        await self._ask_one(
            v1.Frame(request_sign_on=request), "event_link_connected", self._limits.open_timeout_s
        )
        self._signed_on = True

    def _check_open(self) -> None:
        if self._link.end is not None:
            raise self._link.end.of_request(sent=False)

    def _parts(self, dns: Sequence[str]) -> list[list[str]]:
        if isinstance(dns, str):
            raise TypeError("dns: a list of DNs, not one string")
        unique = list(dict.fromkeys(dns))  # a DN named twice would be answered twice
        if not unique:
            raise ValueError("dns: at least one DN")
        size = max(1, self._granted.dns_per_request_max)
        return [unique[at : at + size] for at in range(0, len(unique), size)]

    def _check_answers(self, asked: Sequence[str], answered: Sequence[str]) -> None:
        for dn in set(asked).difference(answered):
            error = ProtocolError(f"no answer for the DN {dn!r}, but for others", sent=True)
            self._link.finish(error, at_once=True)
            raise error

    async def _ask_one(
        self, frame: v1.Frame, reply: str, timeout_s: float | None, reserve: bool = False
    ) -> v1.Frame:
        [answer] = await self._ask(frame, reply, 1, timeout_s, reserve)
        if answer.HasField("event_error"):
            raise Refused(answer.event_error)
        return answer

    async def _ask(
        self,
        frame: v1.Frame,
        reply: str,
        answers: int,
        timeout_s: float | None,
        reserve: bool = False,
    ) -> list[v1.Frame]:
        self._check_open()
        frame.reference_id = self._requests.next_reference()
        data = frame.SerializeToString()
        limit = self._granted.frame_bytes_max or FRAME_BYTES_BEFORE_SIGN_ON_MAX
        if len(data) > limit:
            # The broker would end the connection for it.
            raise ValueError(f"the request: {len(data)} bytes, accepted are at most {limit}")
        pending = self._requests.add(frame.reference_id, len(data), reply, answers, reserve)
        self._link.send(data)
        deadline_s = self.deadline_s(timeout_s)
        try:
            async with asyncio.timeout(deadline_s):
                return await pending.done
        except TimeoutError as error:
            raise NoAnswer(f"no {reply} within {deadline_s:g} s") from error

    def _on_frame(self, frame: v1.Frame, size: int) -> None:
        kind = frame.WhichOneof("body")
        if not self._granted.version and kind == "event_link_connected":
            self._establish(frame.event_link_connected)
        if kind is None or kind == "heartbeat":
            return  # also: a body of a later protocol
        if frame.reference_id:
            self._requests.take(frame, kind)
        elif kind == "event_error":
            self._unasked_error = frame.event_error  # says why the link is about to end
        elif self._granted.version:
            self._keep(frame, kind, size)

    def _establish(self, granted: v1.EventLinkConnected) -> None:
        if granted.version != PROTOCOL_VERSION:
            raise ProtocolError(f"version {granted.version}, accepted is {PROTOCOL_VERSION}")
        for name in ("window_requests", "window_bytes", "frame_bytes_max", "heartbeat_interval_ms"):
            if getattr(granted, name) < 1:
                raise ProtocolError(f"EventLinkConnected.{name}: 0, accepted is 1 and above")
        if granted.heartbeat_timeout_ms <= granted.heartbeat_interval_ms:
            raise ProtocolError(
                f"EventLinkConnected.heartbeat_timeout_ms: {granted.heartbeat_timeout_ms}, "
                f"accepted is above heartbeat_interval_ms: {granted.heartbeat_interval_ms}"
            )
        self._granted = granted
        self._requests.requests_max = min(granted.window_requests, self._limits.requests_max)
        self._requests.bytes_max = min(granted.window_bytes, self._limits.request_bytes_max)
        self._link.establish(granted, self._limits.frame_bytes_max)

    def _keep(self, frame: v1.Frame, kind: str, size: int) -> None:
        if kind not in ("event_user_event", "event_missed", "event_unregistered", "event_outcome"):
            return  # of a later protocol, or nothing that comes unasked
        try:
            self._events.put(getattr(frame, kind), size)
        except _events.Overrun as error:
            self._link.finish(LinkLost(str(error)), at_once=True)

    def _on_end(self, reason: LinkLost) -> None:
        error = self._unasked_error
        if error is not None:
            refused = Refused(error)
            reason.add_note(f"before that it said: {refused}")
        self._requests.end(reason)
        self._events.close(reason)


def _add_refusal(
    refused: dict[str, v1.EventError], error: v1.EventError, dns: Sequence[str]
) -> None:
    """An error without a DN is about all of the request."""
    for dn in [error.this_dn] if error.HasField("this_dn") else dns:
        refused[dn] = error
