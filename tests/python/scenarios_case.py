"""The parties of the scenarios of docs/confirmed-control.md, each on a socket of its own."""
from __future__ import annotations

import asyncio
import contextlib
from typing import AsyncIterator, Callable, Final, TypeVar

from daemon_case import PATIENT, RECORDER, SUPERVISOR, DaemonTest, Hand
from harness import PATIENCE_S, Place, Program, ringdown, until
from link import Link
from ringdown import (
    BrokerReason,
    CaptureState,
    Connection,
    Desktop,
    Event,
    Identity,
    Light,
    LinkLost,
    Recorder,
    Shown,
    Verb,
    capture_request,
    screen_capture,
    v1,
)

DN: Final = "7001"
CALL: Final = 0x71
OTHER: Final = 0x72
ALL_HOLDERS: Final = "--confirm.pause_ownership=all_holders"
ENABLED, PAUSED = CaptureState.ENABLED, CaptureState.PAUSED
DISABLED = CaptureState.DISABLED
T = TypeVar("T")
Word = tuple[Verb, int]
"""A command and its ConnID."""
Everything = tuple[v1.Snapshot, list[v1.RecorderInfo], list[v1.EventOutcome]]
"""All that the broker tells of a DN."""

LONG: Final = "--limits.confirm_timeout=60 s"
"""No deadline plays a part: what is decided is decided by what is said."""


SOON: Final = (
    "--limits.heartbeat_interval_min=20 ms",
    "--limits.heartbeat_interval=100 ms",
    "--limits.heartbeat_timeout_percent=1000",
)
"""Who is silent for a second is dead."""
SCRIPT: Final = "start conn=71, expect recording within 60s, pause reason=card, wait 60s"
DESK: Final = (f"--dn={DN}", "--app=desk", f"--script={SCRIPT}")


class Plain:
    """A recorder as a vendor writes one who has read only how to hear orders and say a word: its
    words have no ConnID and, unless it is an exact one, no version."""

    def __init__(
        self, connection: Connection, dn: str, *, obeys: bool, answers: bool, exact: bool
    ) -> None:
        self.connection: Final = connection
        self.dn: Final = dn
        self.word: CaptureState | None = None
        self.orders: list[v1.EventUserEvent] = []
        """All but queries."""
        self.queries: list[v1.EventUserEvent] = []
        self._obeys, self._answers, self._exact = obeys, answers, exact
        self._taken = 0
        self._marks = 0
        self._news = asyncio.Event()

    @property
    def heard(self) -> list[Word]:
        """Its orders."""
        return [word_of(one) for one in self.orders]

    @property
    def client_id(self) -> int:
        return self.connection.granted.client_id

    async def run(self) -> None:
        """Until the link ends."""
        with contextlib.suppress(LinkLost):
            async for event in self.connection:
                assert isinstance(event, v1.EventUserEvent), event
                await self._take(event)
                self._news.set()

    async def say(self, word: CaptureState, about: v1.EventUserEvent | None = None) -> None:
        """Until the broker has it. `about`: the order that it answers, which an exact one says."""
        self.word = word
        request = capture_request(self.dn, word)
        if self._exact and about is not None:
            request.version = about.version
        await self.connection.send(request)

    async def next_order(self) -> v1.EventUserEvent:
        await self._until(lambda: len(self.orders) > self._taken)
        self._taken += 1
        return self.orders[self._taken - 1]

    async def is_asked(self, times: int = 1) -> v1.EventUserEvent:
        await self._until(lambda: len(self.queries) >= times)
        return self.queries[times - 1]

    async def has_heard_all(self) -> None:
        """What the DN has told up to now. It hears an event of its own behind that."""
        event = v1.Event(this_dn=self.dn, message_type=v1.MESSAGE_TYPE_EVENT_USER_EVENT)
        marks = self._marks
        await self.connection.send(v1.RequestSendEvent(this_dn=self.dn, event=event))
        await self._until(lambda: self._marks > marks)

    async def _take(self, event: v1.EventUserEvent) -> None:
        verb = screen_capture(event.event)
        if verb is None and event.mark != v1.EVENT_MARK_ALARM:
            self._marks += 1
        elif verb is Verb.QUERY:
            self.queries.append(event)
            if self._answers and self.word is not None:
                await self.say(self.word)
        elif isinstance(verb, Verb):
            self.orders.append(event)
            if self._obeys:
                await self.say(CaptureState.of(event.desired), event)

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                self._news.clear()
                await self._news.wait()


class Watcher:
    """A supervisor that hears everything, and keeps it."""

    def __init__(self, connection: Connection) -> None:
        self.connection: Final = connection
        self.heard: list[Event] = []
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Until the link ends."""
        with contextlib.suppress(LinkLost):
            async for event in self.connection:
                self.heard.append(event)
                self._news.set()

    def outcomes(self) -> list[v1.EventOutcome]:
        return [one for one in self.heard if isinstance(one, v1.EventOutcome)]

    def events(self) -> list[v1.EventUserEvent]:
        return [one for one in self.heard if isinstance(one, v1.EventUserEvent)]

    async def outcome(self, true: Callable[[v1.EventOutcome], bool]) -> v1.EventOutcome:
        """The first such one, now or later."""
        return await self._first(lambda: list(filter(true, self.outcomes())))

    async def outcome_of(self, ack: v1.EventACK, dn: str = DN) -> v1.EventOutcome:
        at = (dn, ack.dn_sequence)
        return await self.outcome(lambda one: (one.this_dn, one.dn_sequence) == at)

    async def ordered(self, reason: v1.BrokerReason, verb: Verb) -> v1.EventUserEvent:
        """The broker's first order of this kind."""

        def found() -> list[v1.EventUserEvent]:
            return [
                one
                for one in self.events()
                if (one.broker_reason, screen_capture(one.event)) == (reason, verb)
            ]

        return await self._first(found)

    async def alarms(self, reason: v1.BrokerReason, times: int = 1) -> list[v1.EventUserEvent]:
        """Alarms for this reason, once there are so many."""
        await self._until(lambda: len(self._alarms(reason)) >= times)
        return self._alarms(reason)

    def _alarms(self, reason: v1.BrokerReason) -> list[v1.EventUserEvent]:
        alarms = [one for one in self.events() if one.mark == v1.EVENT_MARK_ALARM]
        return [one for one in alarms if one.broker_reason == reason]

    async def _first(self, found: Callable[[], list[T]]) -> T:
        await self._until(lambda: bool(found()))
        return found()[0]

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                self._news.clear()
                await self._news.wait()


class CallSource:
    """Tells of calls."""

    def __init__(self, connection: Connection) -> None:
        self.connection: Final = connection

    async def end(self, call: int) -> None:
        request = v1.RequestEndCall(this_dn=DN, connection_id=call)
        await self.connection._ask_one(v1.Frame(request_end_call=request), "event_ack", None)

    async def merge(self, old: int, into: int) -> None:
        request = v1.RequestMergeCalls(this_dn=DN, old_connection_id=old, connection_id=into)
        await self.connection._ask_one(v1.Frame(request_merge_calls=request), "event_ack", None)


class ScenarioTest(DaemonTest):
    exact = False
    """Whether `plain` recorders are exact ones all the same."""

    # ---- who is there -----------------------------------------------------------------------

    async def client(self, who: Identity, at: Place | None = None) -> Connection:
        where = at or self.at
        opening = Connection.open(where.host, where.port, who, PATIENT)
        return await self._stack.enter_async_context(await opening)

    async def plain(
        self,
        *,
        dn: str = DN,
        says: CaptureState | None = DISABLED,
        obeys: bool = True,
        answers: bool = True,
    ) -> Plain:
        """`obeys`: does what is desired; `answers`: says what is so when it is asked. Else the
        test says its words."""
        able = [v1.CAPABILITY_EXACT_VERSIONS] if self.exact else []
        connection = await self.client(Identity(RECORDER, "plain", capabilities=able))
        plain = Plain(connection, dn, obeys=obeys, answers=answers, exact=self.exact)
        await connection.register([dn], echo=True)
        await self._run(plain.run())
        if says is not None:
            await plain.say(says)
        return plain

    async def per_call(self) -> Hand:
        connecting = Recorder.connect(
            self.at.host, self.at.port, [DN], per_call=True, limits=PATIENT
        )
        recorder = await self._stack.enter_async_context(await connecting)
        hand = Hand(recorder)
        await self._run(recorder.run(hand.take))
        return hand

    async def agent(
        self,
        application: str = "desk",
        *,
        agent_id: str = "",
        dn: str = DN,
        role: v1.Role = v1.ROLE_DESKTOP,
        at: Place | None = None,
    ) -> Desktop:
        """A desktop. Each is a page of its own: none has another's instance id."""
        where = at or self.at
        connecting = Desktop.connect(
            where.host,
            where.port,
            dn,
            agent_id=agent_id,
            identity=Identity(role, application),
            limits=PATIENT,
        )
        return await self._stack.enter_async_context(await connecting)

    async def call_source(self) -> CallSource:
        connection = await self.client(Identity(v1.ROLE_CALL_SOURCE, "switch"))
        await connection.register([DN])
        return CallSource(connection)

    async def watcher(self, dn: str = DN, *, calm: bool = False) -> Watcher:
        """`calm`: its link stands, however short the broker's heartbeat is."""
        beat_ms = 60_000 if calm else None
        who = Identity(SUPERVISOR, "watcher", heartbeat_interval_ms=beat_ms)
        watcher = Watcher(await self.client(who))
        monitor = v1.REGISTRATION_MODE_MONITOR
        await watcher.connection.register([dn], mode=monitor, hear_outcomes=True)
        await self._run(watcher.run())
        return watcher

    async def link(self) -> Link:
        return await self._stack.enter_async_context(Link(self.at.port))

    # ---- what is so -------------------------------------------------------------------------

    async def screen(self, connection: Connection, dn: str = DN) -> v1.CaptureSession:
        [session] = (await connection.query_address(dn)).sessions
        return session

    async def everything(self, connection: Connection, dn: str = DN) -> Everything:
        """Two such are the same if nothing has changed. Without deadlines: the broker reckons them
        anew from the clock each time, to the millisecond."""
        info = await connection.address_info(dn)
        for session in info.snapshot.sessions:
            session.deadline_time_us = 0
            for order in session.orders:
                order.deadline_time_us = 0
        return info.snapshot, list(info.recorders), list(info.recent_outcomes)

    # ---- what is done again and again -------------------------------------------------------

    async def record(self, agent: Desktop, call: int = CALL) -> None:
        """Until it is confirmed, and seen."""
        ack = await agent.start(connection_id=call)
        self.expect((await agent.outcome(ack)).event, v1.OUTCOME_CONFIRMED)
        await agent.wait_for_light(Light.RECORDING)

    async def pause(self, agent: Desktop, call: int = CALL, reason: str = "") -> v1.EventACK:
        """The same."""
        ack = await agent.pause(connection_id=call, reason=reason)
        self.expect((await agent.outcome(ack)).event, v1.OUTCOME_CONFIRMED)
        await agent.wait_for_light(Light.PAUSED)
        return ack

    async def resume(self, agent: Desktop, call: int = 0) -> None:
        """The same."""
        ack = await agent.resume(connection_id=call)
        self.expect((await agent.outcome(ack)).event, v1.OUTCOME_CONFIRMED)
        await agent.wait_for_light(Light.RECORDING)

    async def record_by_hand(
        self, agent: Desktop, *recorders: Plain | Hand, call: int = CALL
    ) -> None:
        """The same with recorders whose words the test says."""
        start = await agent.start(connection_id=call)
        for one in recorders:
            if isinstance(one, Plain):
                await one.next_order()
                await one.say(ENABLED)
            else:
                await one.recorder.say(await one.next_order(), ENABLED)
        self.expect((await agent.outcome(start)).event, v1.OUTCOME_CONFIRMED)
        await agent.wait_for_light(Light.RECORDING)

    def expect(self, outcome: v1.EventOutcome, wanted: v1.Outcome) -> None:
        """The broker's word, not what a desktop makes of its silence."""
        self.assertEqual(v1.Outcome.Name(outcome.outcome), v1.Outcome.Name(wanted), outcome)
        self.assertNotEqual(outcome.time_us, 0, outcome)

    # ---- a laptop, with a supervisor elsewhere that watches -----------------------------------

    async def are_paused(self, watcher: Watcher) -> None:
        """Recorder and desktop are there, and the script is done."""
        await self._counts(watcher, PAUSED, recorders=1, clients=3)

    async def are_lost(self, watcher: Watcher) -> None:
        """Both have gone, and nothing else has changed."""
        await self._counts(watcher, CaptureState.UNKNOWN, recorders=0, clients=1)
        session = await self.screen(watcher.connection)
        self.assertEqual(session.desired, v1.CAPTURE_STATE_PAUSED)
        self.assertTrue(session.pauses[0].holder_gone)
        lost = [v1.BROKER_REASON_RECORDER_LOST]
        self.assertEqual([alarm.broker_reason for alarm in session.alarms], lost)

    async def have_come_back(self, watcher: Watcher) -> None:
        order = await watcher.ordered(v1.BROKER_REASON_RECORDER_CAME, Verb.PAUSE)
        self.assertEqual(order.desired, v1.CAPTURE_STATE_PAUSED)
        await self._counts(watcher, CaptureState.PAUSED, recorders=1, clients=3)
        session = await self.screen(watcher.connection)
        [pause] = session.pauses
        self.assertFalse(pause.holder_gone)
        self.assertEqual((pause.reason, len(session.alarms)), ("card", 0))
        heard = [screen_capture(one.event) for one in watcher.events()]
        self.assertEqual(heard.count(Verb.START), 1)
        self.assertNotIn(Verb.RESUME, heard)

    async def _counts(
        self, watcher: Watcher, light: CaptureState, recorders: int, clients: int
    ) -> None:
        """Until so many are there, and the light is this one."""
        wanted = (light, recorders, clients)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                seen = await watcher.connection.query_address(DN)
                now = CaptureState.of(seen.effective_state)
                if (now, seen.recorders_active, seen.clients_registered) == wanted:
                    return
                await asyncio.sleep(0.005)


def word_of(order: v1.EventUserEvent) -> Word:
    verb = screen_capture(order.event)
    assert isinstance(verb, Verb), order
    return verb, order.event.connection_id


async def shows(desktop: Desktop, true: Callable[[Shown], bool]) -> Shown:
    """What it shows once it is so."""
    async with asyncio.timeout(PATIENCE_S):
        async for one in desktop.changes():
            if true(one):
                return one
    raise AssertionError("changes end only with the link")


async def holder_is_gone(desktop: Desktop, gone: bool) -> v1.Pause:
    """The one pause that stands, once its holder is. Nobody tells of that unasked."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            [pause] = (await desktop.look()).pauses
            if pause.holder_gone is gone:
                return pause
            await asyncio.sleep(0.005)


async def has_lost_its_link(desktop: Desktop) -> None:
    await until("the link is lost", lambda: not desktop.connection.is_open)
    await until("the light is unknown", lambda: desktop.light is Light.UNKNOWN)


def alarms_of(shown: Shown) -> set[BrokerReason]:
    return {alarm.reason for alarm in shown.alarms}


@contextlib.asynccontextmanager
async def laptop(at: Place) -> AsyncIterator[tuple[Program, Program]]:
    """A recorder and a desktop, which pauses call 71. Both connect again by themselves."""
    async with ringdown(at, "recorder", f"--dn={DN}") as recorder:
        await recorder.says("EventRegistered")
        async with ringdown(at, "desktop", *DESK) as desktop:
            yield recorder, desktop
