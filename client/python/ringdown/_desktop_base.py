"""What a desktop is to its program, whatever its link. Internal: `Desktop`, `SteadyDesktop`."""
from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import AsyncIterator, Final, Iterable

from . import _checks
from ._events import Event
from ._owed import Outcomes
from ._panel import Panel
from ._work import end_all
from .capture import CaptureState, Light, Value, Verb, capture_request, screen_capture
from .connection import Connection
from .errors import LinkLost, NoAnswer, RingdownError, printable
from .identity import Limits
from .outcomes import CommandOutcome
from .reasons import Alarm
from .shown import Shown
from .v1 import ringdown_pb2 as v1

RENEWED_AFTER_S: Final = 10.0
"""So often the broker is asked while something stands that may end without an event: a pause with
its call, an alarm, a holder that comes back."""


class DesktopBase(ABC):
    """Commands out, the light in."""

    def __init__(self, dn: str, agent_id: str, limits: Limits) -> None:
        """Raises TypeError and ValueError for a DN or an agent that is none."""
        _checks.check_line("agent_id", agent_id, _checks.AGENT_ID_BYTES_MAX)
        _checks.check_dn(dn, "dn")
        self.dn: Final = dn
        self.agent_id: Final = agent_id
        self._limits: Final = limits
        self._owed = Outcomes(lambda: self._panel.tell())
        self._panel = Panel(lambda: self._owed.pending)
        self._one_query = asyncio.Lock()
        self._stale = False  # what is shown, and somebody looks again
        self._looker: asyncio.Task[None] | None = None
        self._renewal: asyncio.TimerHandle | None = None

    @abstractmethod
    def _registered(self) -> Connection:
        """The connection that is registered on the DN. Raises LinkLost if there is none."""

    @abstractmethod
    async def _send(self, request: v1.RequestSendEvent, timeout_s: float | None) -> v1.EventACK:
        """Sends a command, with its command id."""

    # ---- commands ---------------------------------------------------------------------------
    #
    # The answer means accepted, not done: `recorders_queued` is how many recorders will hear it.
    # What becomes of it, `outcome` says, and what is so, the light.
    #
    # connection_id: the call's ConnID, 0 for none. reason: why, for people, kept with the pause
    # and the outcome; at most 64 bytes. user_data: pairs that go with it to all who hear it, the
    # recorder's program too. if_version: refused with 185 unless this is the DN's version, as the
    # last answer or snapshot said. confirm_timeout_s: from acceptance to the outcome, 0.001 to 60;
    # None: the broker's (2 s by default). command_id: 16 random bytes of the program's own; None:
    # made here. retry: it is sent again under the same command id, and what was done is not done
    # twice. timeout_s: for the answer; None: `Limits.request_timeout_s`. Errors are those of
    # `Connection.send`; `outcome_unknown` of them tells whether the command may be done all the
    # same.

    async def start(
        self,
        *,
        connection_id: int = 0,
        reason: str = "",
        user_data: Iterable[tuple[str, Value]] = (),
        if_version: int | None = None,
        confirm_timeout_s: float | None = None,
        command_id: bytes | None = None,
        retry: bool = False,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Record the call. It lifts no pause: while one stands, it is held."""
        request = self._request(Verb.START, connection_id, reason, user_data)
        _carry(request, if_version, confirm_timeout_s, command_id, retry)
        return await self._command(request, timeout_s)

    async def stop(
        self,
        *,
        connection_id: int = 0,
        reason: str = "",
        user_data: Iterable[tuple[str, Value]] = (),
        if_version: int | None = None,
        confirm_timeout_s: float | None = None,
        command_id: bytes | None = None,
        retry: bool = False,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Stop recording the call; without a ConnID, all."""
        request = self._request(Verb.STOP, connection_id, reason, user_data)
        _carry(request, if_version, confirm_timeout_s, command_id, retry)
        return await self._command(request, timeout_s)

    async def pause(
        self,
        *,
        connection_id: int = 0,
        reason: str = "",
        user_data: Iterable[tuple[str, Value]] = (),
        if_version: int | None = None,
        confirm_timeout_s: float | None = None,
        command_id: bytes | None = None,
        retry: bool = False,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Record nothing until `resume`: there is one screen, whatever the ConnID."""
        request = self._request(Verb.PAUSE, connection_id, reason, user_data)
        _carry(request, if_version, confirm_timeout_s, command_id, retry)
        return await self._command(request, timeout_s)

    async def resume(
        self,
        *,
        connection_id: int = 0,
        reason: str = "",
        user_data: Iterable[tuple[str, Value]] = (),
        if_version: int | None = None,
        confirm_timeout_s: float | None = None,
        command_id: bytes | None = None,
        retry: bool = False,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Lift the pause; what was recorded before it goes on. Held while another pause stands,
        refused with 185 behind a `stop`. With `if_version`, only if nobody has commanded anything
        since."""
        request = self._request(Verb.RESUME, connection_id, reason, user_data)
        _carry(request, if_version, confirm_timeout_s, command_id, retry)
        return await self._command(request, timeout_s)

    async def query(
        self, *, connection_id: int = 0, timeout_s: float | None = None
    ) -> CaptureState:
        """Asks the recorder itself; of several, the answer is one's. Raises Refused 118 if there
        is none, NoAnswer if none answers this desktop in time, or says only that it cannot. (One
        that does not know directed copies answers everybody: the light shows it, and this raises
        NoAnswer.) Never sent again by itself."""
        deadline_s = self._limits.deadline_s(timeout_s)
        request = capture_request(self.dn, Verb.QUERY, connection_id=connection_id)
        request.command_id = secrets.token_bytes(_checks.COMMAND_ID_BYTES)
        try:
            async with asyncio.timeout(deadline_s), self._one_query:
                ack = await self._registered().send(request, timeout_s=deadline_s)
                answered = await self._panel.until(
                    lambda: self._panel.answer_to(request.command_id, ack), sent=True
                )
        except NoAnswer:
            raise
        except TimeoutError as error:
            raise NoAnswer(f"no recorder answered within {deadline_s:g} s") from error
        state = screen_capture(answered.event)
        if not isinstance(state, CaptureState):
            failure = answered.failure
            raise NoAnswer(printable(f"the recorder failed: {failure.code} {failure.text}"))
        return state

    async def outcome(self, ack: v1.EventACK) -> CommandOutcome:
        """What became of the command that got this answer: exactly one outcome for each. Waits for
        it, until 3 s behind the command's own `confirm_timeout_s`, or 60 s if it has none; UNKNOWN,
        and `event.time_us` 0, if none can come: the broker did not say by then, the link has
        ended or, of a `SteadyDesktop`, the broker has restarted or decided while the link was
        down. HELD, with `held_by`, if a pause stands in its way. Never raises for the network;
        ValueError if this is no answer to one of this desktop's last 1,024 commands."""
        return await self._owed.first(ack)

    async def final_outcome(
        self, ack: v1.EventACK, *, timeout_s: float | None = None
    ) -> CommandOutcome:
        """The same; but of a command that is held, what became of it when that ended: of the
        order that went out for it (`event.released_sequence` names the command), or SUPERSEDED if
        it was not wanted any more. A pause may stand for long: None waits as long as the desktop
        lives. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            return await self._owed.final(ack)

    # ---- the light and the rest -------------------------------------------------------------

    @property
    def light(self) -> Light:
        """What to show the agent now."""
        return self._panel.light

    @property
    def shown(self) -> Shown:
        """The light and all that belongs beside it: pauses, what waits for them, alarms, and the
        newest command without an outcome."""
        return self._panel.shown

    async def look(self, *, timeout_s: float | None = None) -> Shown:
        """The same, asked for anew: whether a pause's holder is there, nobody tells unasked.
        Errors are those of `Connection.query_address`."""
        connection = self._registered()
        snapshot = await connection.query_address(self.dn, timeout_s=timeout_s)
        if self._registered() is connection:
            self._take_snapshot(snapshot)
        return self._panel.shown

    async def wait_for_light(self, light: Light, *, timeout_s: float | None = None) -> None:
        """Until it is this one. Raises TimeoutError, and LinkLost once it cannot come."""
        async with asyncio.timeout(self._limits.deadline_s(timeout_s)):
            await self._panel.until(lambda: self.light is light or None)

    async def lights(self) -> AsyncIterator[Light]:
        """The light now, then each time that it is another: the newest, not every one between.
        Ends with LinkLost after a last UNKNOWN."""
        last = None
        async for shown in self.changes():
            if shown.light is not last:
                last = shown.light
                yield last

    def changes(self) -> AsyncIterator[Shown]:
        """All that is shown, now and then each time that anything of it is another: the newest.
        Ends with LinkLost after a last one that knows nothing."""
        return self._panel.changes()

    def raised_alarms(self) -> AsyncIterator[Alarm]:
        """Each alarm raised since this desktop connected, those that stand only for a moment too.
        Of those not taken, the newest 64. Ends with LinkLost."""
        return self._panel.raised_alarms()

    # ---- inside -----------------------------------------------------------------------------

    def _request(
        self, verb: Verb, connection_id: int, reason: str, user_data: Iterable[tuple[str, Value]]
    ) -> v1.RequestSendEvent:
        return capture_request(
            self.dn,
            verb,
            connection_id=connection_id,
            reason=reason,
            agent_id=self.agent_id,
            user_data=user_data,
        )

    async def _command(
        self, request: v1.RequestSendEvent, timeout_s: float | None
    ) -> v1.EventACK:
        self._owed.expect(request)
        try:
            ack = await self._send(request, timeout_s)
        except BaseException:
            self._owed.drop(request)
            raise
        self._owed.accept(request, ack)
        self._panel.tell()
        self._look_again()  # we do not hear our own command
        return ack

    def _take(self, event: Event) -> None:
        if isinstance(event, v1.EventUserEvent):
            if event.event.this_dn == self.dn and self._panel.take_event(event):
                self._look_again()
        elif isinstance(event, v1.EventOutcome):
            self._owed.take(event)
            if event.this_dn == self.dn and event.released_sequence:
                self._look_again()
        elif event.this_dn != self.dn:
            pass
        elif isinstance(event, v1.EventMissed):
            self._panel.take_missed(event)
            self._look_again()
        else:
            self._unregistered(event)

    def _unregistered(self, event: v1.EventUnregistered) -> None:
        """The broker has ended the registration unasked."""
        self._panel.lose()

    def _take_snapshot(self, snapshot: v1.Snapshot) -> None:
        self._panel.take_snapshot(snapshot)
        self._renew_later()

    def _look_again(self) -> None:
        """What is shown may have changed. One question at a time, and one after the last news."""
        self._stale = True
        if self._looker is None or self._looker.done():
            with suppress(RingdownError):  # the next registration brings all of it
                self._looker = asyncio.create_task(
                    self._look(self._registered()), name="ringdown look"
                )

    async def _look(self, connection: Connection) -> None:
        with suppress(LinkLost):  # who follows the events hears it too
            while self._stale:
                self._stale = False
                epoch = self._panel.epoch
                snapshot = await connection.query_until_known(self.dn)
                if snapshot is None or not self._panel.is_registered:
                    return
                if self._panel.epoch != epoch:
                    self._stale = True  # it was reborn: which of both this is of, none can tell
                else:
                    self._take_snapshot(snapshot)

    def _renew_later(self) -> None:
        if self._renewal is None and self._panel.anything_stands:
            loop = asyncio.get_running_loop()
            self._renewal = loop.call_later(RENEWED_AFTER_S, self._renew)

    def _renew(self) -> None:
        self._renewal = None
        self._look_again()

    async def _stop_looking(self) -> None:
        """The link is lost: what it was asked is of no use."""
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        looker, self._looker, self._stale = self._looker, None, False
        if looker is not None:
            await end_all([looker])
            if not looker.cancelled():
                looker.result()  # a fault of this library's own is not kept quiet


def _carry(
    request: v1.RequestSendEvent,
    if_version: int | None,
    confirm_timeout_s: float | None,
    command_id: bytes | None,
    retry: bool,
) -> None:
    """What else a command may carry, checked."""
    if if_version is not None:
        _checks.check_number(if_version, "if_version")
        request.if_version = if_version
    confirm_timeout_ms = _checks.milliseconds(confirm_timeout_s, "confirm_timeout_s")
    if confirm_timeout_ms is not None:
        request.confirm_timeout_ms = confirm_timeout_ms
    request.command_id = _checks.made_command_id(command_id, retry)
    request.retry = retry
