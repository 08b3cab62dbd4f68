"""An agent's desktop: commands out, the light in."""
from __future__ import annotations

import asyncio
import secrets
from collections import deque
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import AsyncIterator, Callable, Final, TypeVar

from . import _checks
from ._events import Event
from ._outcomes import Outcomes
from .capture import CaptureState, Failure, Light, Verb, capture_request, screen_capture
from .connection import Connection
from .errors import LinkLost, NoAnswer, printable
from .identity import Identity, Limits
from .shown import Shown, shown_of
from .v1 import ringdown_pb2 as v1

T = TypeVar("T")

ALARM_EVENTS_MAX: Final = 64
"""Alarm events that a program has not looked at; past it the oldest is not told. What stands is in
`Shown.alarms` all the same."""


class Desktop:
    """The desktop of one agent, on one DN. Use it as an async context manager.

    The light follows what recorders say, never what was commanded: after `pause` it shows PAUSED
    once the recorder has said so. It is UNKNOWN while nobody knows: before a recorder has spoken,
    after the last one is lost, after events were missed, after the link has ended.

    Each accepted command has one outcome, for which `outcome` waits: the broker's, or unknown if
    none can come. A `start` or `resume` while a pause stands is held: `final_outcome` waits until
    it has gone out, and for what became of it then.
    """

    def __init__(
        self, connection: Connection, dn: str, snapshot: v1.Snapshot, *, agent_id: str = ""
    ) -> None:
        """Use `connect`; or give a connection that is registered on the DN, with its snapshot.
        The desktop takes the connection's events and signs it off."""
        _checks.check_line("agent_id", agent_id, _checks.AGENT_ID_BYTES_MAX)
        self.connection: Final = connection
        self.dn: Final = dn
        self.agent_id: Final = agent_id
        self._shown = Shown()
        self._light_at = self._shown_at = (0, 0)  # epoch and sequence of what they stand for
        self._registered = True
        self._answer: v1.EventUserEvent | None = None  # the last one meant for us alone
        self._one_query = asyncio.Lock()
        self._alarms: deque[v1.EventUserEvent] = deque(maxlen=ALARM_EVENTS_MAX)
        self._alarms_heard = 0
        self._news = asyncio.Event()  # replaced each time
        self._end: LinkLost | None = None
        self._outcomes = Outcomes()
        self._stale = False  # what is shown, and somebody looks again
        self._looker: asyncio.Task[None] | None = None
        self._take_snapshot(snapshot)
        self._follower = asyncio.create_task(self._follow(), name="ringdown light")

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        dn: str,
        *,
        agent_id: str = "",
        identity: Identity | None = None,
        limits: Limits = Limits(),
    ) -> Desktop:
        """Connects, signs on and registers. `agent_id`: whose hand it is, for all commands; a
        pause is held by an application and an agent. Raises as `Connection.open` and `register`
        do."""
        _checks.check_line("agent_id", agent_id, _checks.AGENT_ID_BYTES_MAX)
        _checks.check_dn(dn, "dn")
        who = identity or Identity(v1.ROLE_DESKTOP)
        connection = await Connection.open(host, port, who, limits)
        try:
            snapshots = await connection.register([dn])
        except BaseException:
            await connection.sign_off()
            raise
        return cls(connection, dn, snapshots[dn], agent_id=agent_id)

    async def __aenter__(self) -> Desktop:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Signs off. Never raises for the network."""
        try:
            await self.connection.sign_off()
        finally:
            tasks = {self._follower} if self._looker is None else {self._follower, self._looker}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()  # a fault of this library's own is not kept quiet

    # ---- commands ---------------------------------------------------------------------------
    #
    # The answer means accepted, not done: `recorders_queued` is how many recorders will hear it.
    # What becomes of it, `outcome` says, and what is so, the light. `connection_id`: the call's
    # ConnID, 0 for none. `reason`: why, for people, kept with the pause and the outcome; at most
    # 64 bytes. `if_version`: refused with 185 unless this is the DN's version, as the last answer
    # or snapshot said. Errors are those of `Connection.send`.

    async def start(
        self,
        *,
        connection_id: int = 0,
        reason: str = "",
        if_version: int | None = None,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Record the call. It lifts no pause: while one stands, it is held."""
        return await self._command(Verb.START, connection_id, reason, if_version, timeout_s)

    async def stop(
        self,
        *,
        connection_id: int = 0,
        reason: str = "",
        if_version: int | None = None,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Stop recording the call; without a ConnID, all."""
        return await self._command(Verb.STOP, connection_id, reason, if_version, timeout_s)

    async def pause(
        self,
        *,
        connection_id: int = 0,
        reason: str = "",
        if_version: int | None = None,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Record nothing until `resume`: there is one screen, whatever the ConnID."""
        return await self._command(Verb.PAUSE, connection_id, reason, if_version, timeout_s)

    async def resume(
        self,
        *,
        connection_id: int = 0,
        reason: str = "",
        if_version: int | None = None,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Lift the pause; what was recorded before it goes on. Held while another pause stands,
        refused with 185 behind a `stop`. With `if_version`, only if nobody has commanded anything
        since."""
        return await self._command(Verb.RESUME, connection_id, reason, if_version, timeout_s)

    async def query(
        self, *, connection_id: int = 0, timeout_s: float | None = None
    ) -> CaptureState:
        """Asks the recorder itself; of several, the answer is one's. Raises Refused 118 if there
        is none, NoAnswer if none answers this desktop in time, or says only that it cannot. (One
        that does not know directed copies answers everybody: the light shows it, and this raises
        NoAnswer.)"""
        deadline_s = self.connection.deadline_s(timeout_s)
        request = capture_request(self.dn, Verb.QUERY, connection_id=connection_id)
        request.command_id = secrets.token_bytes(_checks.COMMAND_ID_BYTES)
        try:
            async with asyncio.timeout(deadline_s), self._one_query:
                ack = await self.connection.send(request, timeout_s=deadline_s)
                answered = await self._until(lambda: self._answer_to(request.command_id, ack))
        except NoAnswer:
            raise
        except TimeoutError as error:
            raise NoAnswer(f"no recorder answered within {deadline_s:g} s") from error
        state = screen_capture(answered.event)
        if not isinstance(state, CaptureState):
            failure = answered.failure
            raise NoAnswer(printable(f"the recorder failed: {failure.code} {failure.text}"))
        return state

    async def outcome(self, ack: v1.EventACK) -> v1.EventOutcome:
        """What became of the command that got this answer. Waits for it, at most 60 s;
        `outcome` is OUTCOME_UNKNOWN, and `time_us` 0, if the broker did not say by then or the
        link has ended; OUTCOME_HELD, with `held_by`, if a pause stands in its way. Never raises
        for the network; ValueError if this is no answer to one of this desktop's last 1,024
        commands."""
        return await self._outcomes.first(ack)

    async def final_outcome(
        self, ack: v1.EventACK, *, timeout_s: float | None = None
    ) -> v1.EventOutcome:
        """The same; but of a command that is held, what became of it when that ended: of the
        order that went out for it (`released_sequence` names the command), or SUPERSEDED if it was
        not wanted any more. A pause may stand for long: None waits as long as the link stands.
        Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            return await self._outcomes.final(ack)

    # ---- the light and the rest -------------------------------------------------------------

    @property
    def light(self) -> Light:
        """What to show the agent now."""
        return self._shown.light

    @property
    def shown(self) -> Shown:
        """The light and all that belongs beside it: pauses, what waits for them, alarms."""
        return self._shown

    async def look(self, *, timeout_s: float | None = None) -> Shown:
        """The same, asked for anew: whether a pause's holder is there, nobody tells unasked.
        Errors are those of `Connection.query_address`."""
        self._take_snapshot(await self.connection.query_address(self.dn, timeout_s=timeout_s))
        return self._shown

    async def wait_for_light(self, light: Light, *, timeout_s: float | None = None) -> None:
        """Until it is this one. Raises TimeoutError, and LinkLost if the link has ended."""
        async with asyncio.timeout(self.connection.deadline_s(timeout_s)):
            await self._until(lambda: self.light is light or None)

    async def lights(self) -> AsyncIterator[Light]:
        """The light now, then each time that it is another: the newest, not every one between.
        Ends with LinkLost after a last UNKNOWN."""
        last = None
        async for shown in self.changes():
            if shown.light is not last:
                last = shown.light
                yield last

    async def changes(self) -> AsyncIterator[Shown]:
        """All that is shown, now and then each time that anything of it is another: the newest.
        Ends with LinkLost after a last one that knows nothing."""
        shown = self._shown
        yield shown
        while self._end is None or shown != self._shown:
            news = self._news
            if shown != self._shown:
                shown = self._shown
                yield shown
            else:
                await news.wait()
        raise self._end.of_request(sent=False)

    async def alarm_events(self) -> AsyncIterator[v1.EventUserEvent]:
        """Each alarm raised since this desktop connected: a person must look, `broker_reason` says
        why. Of those not taken, the newest 64. Ends with LinkLost."""
        taken = 0
        while True:
            missed = max(0, self._alarms_heard - taken - len(self._alarms))
            taken += missed
            if taken < self._alarms_heard:
                event = self._alarms[taken - self._alarms_heard]
                taken += 1
                yield event
            elif self._end is not None:
                raise self._end.of_request(sent=False)
            else:
                await self._news.wait()

    # ---- inside -----------------------------------------------------------------------------

    async def _command(
        self,
        verb: Verb,
        connection_id: int,
        reason: str,
        if_version: int | None,
        timeout_s: float | None,
    ) -> v1.EventACK:
        request = capture_request(
            self.dn, verb, connection_id=connection_id, reason=reason, agent_id=self.agent_id
        )
        request.command_id = secrets.token_bytes(_checks.COMMAND_ID_BYTES)
        if if_version is not None:
            _checks.check_number(if_version, "if_version")
            request.if_version = if_version
        self._outcomes.expect(request)
        try:
            ack = await self.connection.send(request, timeout_s=timeout_s)
        except BaseException:
            self._outcomes.drop(request)
            raise
        self._outcomes.accept(request, ack)
        self._look_again()  # we do not hear our own command
        return ack

    async def _until(self, found: Callable[[], T | None]) -> T:
        """What `found` finds, now or after some news. Raises LinkLost at the link's end."""
        while (what := found()) is None:
            if self._end is not None:
                raise self._end.of_request(sent=True)
            await self._news.wait()
        return what

    async def _follow(self) -> None:
        """Takes the connection's events until it ends."""
        try:
            while True:
                self._take(await self.connection.next_event())
        except LinkLost as lost:
            self._end = lost
            self._outcomes.end()
            self._show(Shown())

    def _look_again(self) -> None:
        """What is shown may have changed. One question at a time, and one after the last news."""
        self._stale = True
        if self._end is None and (self._looker is None or self._looker.done()):
            self._looker = asyncio.create_task(self._look(), name="ringdown look")

    async def _look(self) -> None:
        with suppress(LinkLost):  # `_follow` hears it too
            while self._stale:
                self._stale = False
                epoch, _ = self._light_at
                snapshot = await self.connection.query_until_known(self.dn)
                if snapshot is None:
                    return
                if self._light_at[0] != epoch:
                    self._stale = True  # the DN was reborn: which of both this is of, none can tell
                else:
                    self._take_snapshot(snapshot)

    def _take(self, event: Event) -> None:
        if isinstance(event, v1.EventUserEvent):
            if event.event.this_dn == self.dn:
                self._take_user_event(event)
        elif isinstance(event, v1.EventOutcome):
            self._outcomes.take(event)
            if event.this_dn == self.dn and event.released_sequence:
                self._look_again()
        elif event.this_dn != self.dn:
            pass
        elif isinstance(event, v1.EventMissed):
            self._light_at = (event.dn_epoch, event.to_sequence)
            self._show(replace(self._shown, light=Light.UNKNOWN))
            self._look_again()
        else:
            self._registered = False
            self._show(Shown())

    def _take_user_event(self, event: v1.EventUserEvent) -> None:
        word = screen_capture(event.event)
        if event.directed_reference_id and isinstance(word, (CaptureState, Failure)):
            self._answer = event
        if event.mark == v1.EVENT_MARK_ALARM:
            self._alarms.append(event)
            self._alarms_heard += 1
        before = self._shown
        if isinstance(word, CaptureState) and _is_newer(event, self._light_at):
            self._light_at = (event.dn_epoch, event.dn_sequence)
            light = Light.of(CaptureState.of(event.effective_state))
            self._show(replace(self._shown, light=light))
        else:
            self._tell()
        # An indication changes nothing else, unless something is not as it is to be.
        open_things = before.alarms or before.waiting or self._shown.light is not before.light
        if isinstance(word, Verb) or event.mark == v1.EVENT_MARK_ALARM or open_things:
            self._look_again()

    def _take_snapshot(self, snapshot: v1.Snapshot) -> None:
        if self._end is not None or not self._registered:
            return  # what it said is past
        light = self._shown.light
        at = (snapshot.dn_epoch, snapshot.dn_sequence)
        if at[0] != self._light_at[0] or at[1] >= self._light_at[1]:
            self._light_at = at
            light = Light.of(CaptureState.of(snapshot.effective_state))
        if at[0] != self._shown_at[0] or at[1] >= self._shown_at[1]:
            self._shown_at = at
            self._show(shown_of(snapshot, light))

    def _answer_to(self, command_id: bytes, ack: v1.EventACK) -> v1.EventUserEvent | None:
        answer = self._answer
        if answer is None or answer.command_id not in (b"", command_id):
            return None
        return answer if _is_newer(answer, (ack.dn_epoch, ack.dn_sequence)) else None

    def _show(self, shown: Shown) -> None:
        self._shown = shown
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _is_newer(event: v1.EventUserEvent, known: tuple[int, int]) -> bool:
    """Whether it comes after this epoch and sequence. Epochs have no order: another is newer."""
    epoch, sequence = known
    return event.dn_epoch != epoch or event.dn_sequence > sequence
