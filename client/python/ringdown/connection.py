"""A T-Client's connection: sign-on, registrations, requests and their answers, events.

Every wait has a deadline: the `timeout_s` of the call, or `Limits.request_timeout_s`. A wait for
events without one ends when the link does, and a silent link ends by its heartbeat. Memory is
bounded by `Limits` and by the window that the broker grants. Not thread-safe.
"""
from __future__ import annotations

import asyncio
from types import TracebackType
from typing import AsyncIterator, Final, Sequence

from . import _addresses, _events
from ._checks import PROTOCOL_VERSION, check_dn, check_granted
from ._events import Event, EventQueue
from ._link import Link
from ._requests import REFERENCE_BYTES_MAX, Pending, Requests
from .capture import Light, Verb, screen_capture
from .errors import LinkLost, NoAnswer, NotAllGranted, ProtocolError, Refused, WindowFull
from .framing import FRAME_BYTES_BEFORE_SIGN_ON_MAX
from .identity import Identity, Limits
from .reasons import DisconnectReason
from .tls import TLS
from .v1 import ringdown_pb2 as v1

ASK_AGAIN_S: Final = 1.0
"""Between two tries of `query_until_known`."""
NOT_REGISTERED: Final = 41
_SAFETY: Final = (Verb.PAUSE, Verb.STOP)


class Connection:
    """One link to the broker. Use it as an async context manager: it signs off at the end."""

    def __init__(self, limits: Limits) -> None:
        """Use `open`."""
        self._limits: Final = limits
        self._requests = Requests()
        self._events = EventQueue(limits.events_max, limits.event_bytes_max)
        self._granted = v1.EventLinkConnected()
        self._link = Link(self._on_frame, self._on_end)
        self._signed_on = False
        self._unasked_error: v1.EventError | None = None

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        identity: Identity,
        limits: Limits = Limits(),
        *,
        tls: TLS | None = None,
    ) -> Connection:
        """Connects and signs on; with `tls` by TLS. Raises LinkLost (TLSFailed if the broker's
        certificate or TLS is at fault), or Refused if sign-on is refused (53, 55, 119), ValueError
        for a sign-on that does not fit into its frame."""
        self = cls(limits)
        try:
            async with asyncio.timeout(limits.open_timeout_s):
                credentials = await identity.current_credentials()
                await self._link.connect(host, port, tls, limits.open_timeout_s)
                await asyncio.sleep(0)  # if it refuses our certificate, that is to be heard
                request = identity.sign_on_request(PROTOCOL_VERSION, credentials)
                frame = v1.Frame(request_sign_on=request)
                await self._ask_one(frame, "event_link_connected", limits.open_timeout_s)
                self._signed_on = True
        except TimeoutError as error:
            lost = LinkLost(f"no sign-on at {host}:{port} within {limits.open_timeout_s:g} s")
            raise lost from error
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

    @property
    def limits(self) -> Limits:
        """What it may take of time and memory."""
        return self._limits

    def stood_still(self, seconds: float, by: str) -> None:
        """For who calls handlers: `by` has kept the event loop for so long. If that is above 0.5 s,
        or a heartbeat was due meanwhile, the logger `ringdown` has a warning."""
        self._link.stood_still(seconds, by)

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
        hear_outcomes: bool = False,
        timeout_s: float | None = None,
    ) -> dict[str, v1.Snapshot]:
        """The present state of each DN. Any number of them: they go in requests of at most
        dns_per_request_max, one after the other, each with the deadline. Raises NotAllGranted if
        some were refused; the others are registered, and it has their snapshots."""
        granted: dict[str, v1.Snapshot] = {}
        refused: dict[str, v1.EventError] = {}
        for part in _addresses.parts_of(dns, self._granted.dns_per_request_max):
            request = v1.RequestRegisterAddress(
                this_dn=part, mode=mode, echo=echo, standby=standby, hear_outcomes=hear_outcomes
            )
            frame = v1.Frame(request_register_address=request)
            for answer in await self._ask(frame, "event_registered", len(part), timeout_s):
                if answer.HasField("event_registered"):
                    granted[answer.event_registered.this_dn] = answer.event_registered.snapshot
                else:
                    _addresses.add_refusal(refused, answer.event_error, part)
            self._check_answers(part, [*granted, *refused])
        if refused:
            raise NotAllGranted(refused, list(granted), snapshots=granted)
        return granted

    async def unregister(self, dns: Sequence[str], *, timeout_s: float | None = None) -> None:
        """Ends registrations. Raises NotAllGranted for those that there are none of."""
        ended: list[str] = []
        refused: dict[str, v1.EventError] = {}
        for part in _addresses.parts_of(dns, self._granted.dns_per_request_max):
            frame = v1.Frame(request_unregister_address=v1.RequestUnregisterAddress(this_dn=part))
            for answer in await self._ask(frame, "event_unregistered", len(part), timeout_s):
                if answer.HasField("event_unregistered"):
                    ended.append(answer.event_unregistered.this_dn)
                else:
                    _addresses.add_refusal(refused, answer.event_error, part)
            self._check_answers(part, [*ended, *refused])
        if refused:
            raise NotAllGranted(refused, ended)

    async def register_every_dn(
        self, *, hear_outcomes: bool = False, timeout_s: float | None = None
    ) -> None:
        """For a supervisor or an admin: hears the commands, indications and alarms of every DN,
        also of those to come; with `hear_outcomes` the outcomes too. What is so now, `addresses`
        lists. Raises Refused 165 for other roles."""
        request = v1.RequestRegisterAddress(
            every_dn=True, mode=v1.REGISTRATION_MODE_MONITOR, hear_outcomes=hear_outcomes
        )
        frame = v1.Frame(request_register_address=request)
        await self._ask_one(frame, "event_registered", timeout_s)

    async def unregister_every_dn(self, *, timeout_s: float | None = None) -> None:
        """Ends that; registrations on single DNs stay."""
        request = v1.RequestUnregisterAddress(every_dn=True)
        frame = v1.Frame(request_unregister_address=request)
        await self._ask_one(frame, "event_unregistered", timeout_s)

    async def list_addresses(
        self,
        *,
        after: str = "",
        limit: int = _addresses.PAGE_MAX,
        light: Light | None = None,
        alarmed: bool = False,
        recorder_missing: bool = False,
        timeout_s: float | None = None,
    ) -> v1.EventAddressList:
        """For a supervisor or an admin: one page of the DNs in use, in the order of their names.
        `light`, `alarmed`, `recorder_missing`: only those that are so. Page on with `after` =
        `next` until that is empty; `addresses` does. Raises Refused 165 for other roles."""
        request = _addresses.list_request(
            after=after,
            limit=limit,
            light=light,
            alarmed=alarmed,
            recorder_missing=recorder_missing,
        )
        frame = v1.Frame(request_list_addresses=request)
        page = (await self._ask_one(frame, "event_address_list", timeout_s)).event_address_list
        try:
            _addresses.check_page(page, after)
        except ProtocolError as error:
            self._link.finish(error, at_once=True)
            raise
        return page

    async def addresses(
        self,
        *,
        light: Light | None = None,
        alarmed: bool = False,
        recorder_missing: bool = False,
        timeout_s: float | None = None,
    ) -> AsyncIterator[v1.AddressSummary]:
        """The same, of all pages; `timeout_s` is of each. At most one page is kept."""
        after = ""
        while True:
            page = await self.list_addresses(
                after=after,
                light=light,
                alarmed=alarmed,
                recorder_missing=recorder_missing,
                timeout_s=timeout_s,
            )
            for one in page.addresses:
                yield one
            if not page.next:
                return
            after = page.next

    async def command_addresses(
        self,
        dns: Sequence[str],
        verb: Verb,
        *,
        reason: str = "",
        agent_id: str = "",
        command_id: bytes | None = None,
        retry: bool = False,
        confirm_timeout_s: float | None = None,
        timeout_s: float | None = None,
    ) -> dict[str, v1.EventACK]:
        """PAUSE, STOP or RESUME for any number of DNs on which this connection is registered: the
        answer of each; their outcomes come as events. They go in requests of at most
        dns_per_request_max and as the window has room for, one after the other, each with the
        deadline. `confirm_timeout_s`: to each outcome, 0.001 to 60; None: the broker's. Raises
        NotAllGranted if some were refused; it has the answers of the others. If an answer does not
        come, call it again with the same `command_id` and `retry`: what was done is not done
        twice."""
        acks: dict[str, v1.EventACK] = {}
        refused: dict[str, v1.EventError] = {}
        command = _addresses.command_request(
            verb,
            reason=reason,
            agent_id=agent_id,
            command_id=command_id,
            retry=retry,
            confirm_timeout_s=confirm_timeout_s,
        )
        at_most = min(self._granted.dns_per_request_max, self._requests.requests_max)
        for part in _addresses.parts_of(dns, at_most):
            frame = v1.Frame(request_command_addresses=command)
            frame.request_command_addresses.this_dn.extend(part)
            await self._wait_for_room_of(frame, len(part), timeout_s)
            for answer in await self._ask(frame, "event_ack", len(part), timeout_s, each=True):
                if answer.HasField("event_ack"):
                    acks[answer.event_ack.this_dn] = answer.event_ack
                else:
                    _addresses.add_refusal(refused, answer.event_error, set(part) - acks.keys())
            self._check_answers(part, [*acks, *refused])
        if refused:
            raise NotAllGranted(refused, list(acks), acks=acks)
        return acks

    async def query_address(self, dn: str, *, timeout_s: float | None = None) -> v1.Snapshot:
        """What the broker knows of a DN that this connection is registered on."""
        return (await self.address_info(dn, timeout_s=timeout_s)).snapshot

    async def address_info(
        self, dn: str, *, timeout_s: float | None = None
    ) -> v1.EventAddressInfo:
        """The same with its recorders and the newest outcomes: who commanded what, and what became
        of it."""
        check_dn(dn, "dn")
        frame = v1.Frame(request_query_address=v1.RequestQueryAddress(this_dn=dn))
        return (await self._ask_one(frame, "event_address_info", timeout_s)).event_address_info

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
        return await self.end_send(self.begin_send(request), timeout_s=timeout_s)

    def begin_send(self, request: v1.RequestSendEvent) -> Pending:
        """The first half of it: the request is on its way. Raises WindowFull and LinkLost."""
        safety = screen_capture(request.event) in _SAFETY
        return self._begin(v1.Frame(request_send_event=request), "event_ack", 1, safety)

    async def end_send(self, pending: Pending, *, timeout_s: float | None = None) -> v1.EventACK:
        """The second half: its answer."""
        [answer] = await self._end(pending, timeout_s)
        if answer.HasField("event_error"):
            raise Refused(answer.event_error)
        return answer.event_ack

    async def renew_credentials(
        self, credentials: bytes, *, timeout_s: float | None = None
    ) -> v1.EventACK:
        """New ones on the link that stands, for the same principal and role: the answer says when
        they expire. Raises Refused 119: then nothing has changed."""
        request = v1.RequestRenewCredentials(credentials=credentials)
        frame = v1.Frame(request_renew_credentials=request)
        return (await self._ask_one(frame, "event_ack", timeout_s)).event_ack

    async def wait_for_room(self, *, timeout_s: float | None = None) -> None:
        """Until a request of any size can go out. Raises TimeoutError, and LinkLost if the link
        has ended."""
        async with asyncio.timeout(self._limits.deadline_s(timeout_s)):
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
            if lost.reason == DisconnectReason.SIGNED_OFF:
                raise StopAsyncIteration from lost
            raise

    # ---- the end ----------------------------------------------------------------------------

    async def sign_off(self, *, timeout_s: float | None = None) -> None:
        """Ends the connection in order; after the deadline, at once. Never raises for the
        network; does nothing if the link has ended."""
        signed_off = LinkLost("signed off", reason=DisconnectReason.SIGNED_OFF)
        try:
            async with asyncio.timeout(self._limits.deadline_s(timeout_s)):
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

    async def _wait_for_room_of(
        self, frame: v1.Frame, weight: int, timeout_s: float | None
    ) -> None:
        """Until this frame can go out. Raises WindowFull if that takes too long."""
        deadline_s = self._limits.deadline_s(timeout_s)
        try:
            async with asyncio.timeout(deadline_s):
                size = frame.ByteSize() + REFERENCE_BYTES_MAX
                await self._requests.wait_for_room(size, weight)
        except TimeoutError as error:
            raise WindowFull(f"no room for {weight} answers within {deadline_s:g} s") from error

    def _check_open(self) -> None:
        if self._link.end is not None:
            raise self._link.end.of_request(sent=False)

    def _check_answers(self, asked: Sequence[str], answered: Sequence[str]) -> None:
        for dn in set(asked).difference(answered):
            error = ProtocolError(f"no answer for the DN {dn!r}, but for others", sent=True)
            self._link.finish(error, at_once=True)
            raise error

    async def _ask_one(
        self, frame: v1.Frame, reply: str, timeout_s: float | None
    ) -> v1.Frame:
        [answer] = await self._ask(frame, reply, 1, timeout_s)
        if answer.HasField("event_error"):
            raise Refused(answer.event_error)
        return answer

    async def _ask(
        self,
        frame: v1.Frame,
        reply: str,
        answers: int,
        timeout_s: float | None,
        *,
        each: bool = False,
    ) -> list[v1.Frame]:
        return await self._end(self._begin(frame, reply, answers, False, each), timeout_s)

    def _begin(
        self, frame: v1.Frame, reply: str, answers: int, reserve: bool, each: bool = False
    ) -> Pending:
        """Sends a request, now and in this place of their order."""
        self._check_open()
        frame.reference_id = self._requests.next_reference()
        data = frame.SerializeToString()
        limit = self._granted.frame_bytes_max or FRAME_BYTES_BEFORE_SIGN_ON_MAX
        if len(data) > limit:
            # The broker would end the connection for it.
            raise ValueError(f"the request: {len(data)} bytes, accepted are at most {limit}")
        pending = self._requests.add(
            frame.reference_id, len(data), reply, answers, reserve, each
        )
        self._link.send(data)
        return pending

    async def _end(self, pending: Pending, timeout_s: float | None) -> list[v1.Frame]:
        """Its answers."""
        deadline_s = self._limits.deadline_s(timeout_s)
        try:
            async with asyncio.timeout(deadline_s):
                return await pending.done
        except TimeoutError as error:
            raise NoAnswer(f"no {pending.reply} within {deadline_s:g} s") from error

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
        check_granted(granted)
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
