"""An agent's desktop: commands out, the light in."""
from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from types import TracebackType
from typing import AsyncIterator, Callable, Final, TypeVar

from ._events import Event
from .capture import CaptureState, Light, Verb, capture_request, screen_capture
from .connection import Connection
from .errors import LinkLost, NoAnswer
from .identity import Identity, Limits
from .v1 import ringdown_pb2 as v1

T = TypeVar("T")

OUTCOME_WAIT_MAX_S: Final = 60.0
"""How long an outcome is waited for. The broker's own time counts (normally 2 s, and no longer than
this unless an operator wants it so), and it does not tell that. Reached only if the broker breaks
its promise."""
OUTCOMES_MAX: Final = 1024
"""Commands whose outcome can still be asked for; the newest ones."""


class Desktop:
    """The desktop of one agent, on one DN. Use it as an async context manager.

    The light follows what recorders say, never what was commanded: after `pause` it shows PAUSED
    once the recorder has said so. It is UNKNOWN while nobody knows: before a recorder has spoken,
    after the last one is lost, after events were missed, after the link has ended.

    Each accepted command has one outcome, for which `outcome` waits: the broker's, or unknown if
    none can come.
    """

    def __init__(self, connection: Connection, dn: str, snapshot: v1.Snapshot) -> None:
        """Use `connect`; or give a connection that is registered on the DN, with its snapshot.
        The desktop takes the connection's events and signs it off."""
        self.connection: Final = connection
        self.dn: Final = dn
        self._light = Light.UNKNOWN
        self._known = (0, 0)  # epoch and sequence of what the light stands for
        self._answer: v1.EventUserEvent | None = None  # the last one meant for us alone
        self._one_query = asyncio.Lock()
        self._news = asyncio.Event()  # replaced each time
        self._end: LinkLost | None = None
        self._owed: dict[bytes, _Owed] = {}  # by command id
        self._accepted: dict[tuple[int, int], bytes] = {}  # command ids by epoch and sequence
        self._take_snapshot(snapshot)
        self._follower = asyncio.create_task(self._follow(), name="ringdown light")

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        dn: str,
        *,
        identity: Identity | None = None,
        limits: Limits = Limits(),
    ) -> Desktop:
        """Connects, signs on and registers. Raises as `Connection.open` and `register` do."""
        who = identity or Identity(v1.ROLE_DESKTOP)
        connection = await Connection.open(host, port, who, limits)
        try:
            snapshots = await connection.register([dn])
        except BaseException:
            await connection.sign_off()
            raise
        return cls(connection, dn, snapshots[dn])

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
            self._follower.cancel()
            await asyncio.wait([self._follower])
        if not self._follower.cancelled():
            self._follower.result()  # a fault of this library's own is not kept quiet

    # ---- commands ---------------------------------------------------------------------------
    #
    # The answer means accepted, not done: `recorders_queued` is how many recorders will hear it.
    # What becomes of it, `outcome` says, and what is so, the light. `connection_id`: the call's ConnID, 0 for none.
    # `if_version`: refused with 185 unless this is the DN's version, as the last answer or
    # snapshot said. Errors are those of `Connection.send`.

    async def start(
        self,
        *,
        connection_id: int = 0,
        if_version: int | None = None,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Record the screen."""
        return await self._command(Verb.START, connection_id, if_version, timeout_s)

    async def stop(
        self,
        *,
        connection_id: int = 0,
        if_version: int | None = None,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Stop recording."""
        return await self._command(Verb.STOP, connection_id, if_version, timeout_s)

    async def pause(
        self,
        *,
        connection_id: int = 0,
        if_version: int | None = None,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Record nothing until `resume`."""
        return await self._command(Verb.PAUSE, connection_id, if_version, timeout_s)

    async def resume(
        self,
        *,
        connection_id: int = 0,
        if_version: int | None = None,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Go on recording. With `if_version`, only if nobody has commanded anything since."""
        return await self._command(Verb.RESUME, connection_id, if_version, timeout_s)

    async def query(
        self, *, connection_id: int = 0, timeout_s: float | None = None
    ) -> CaptureState:
        """Asks the recorder itself; of several, the answer is one's. Raises Refused 118 if there
        is none, NoAnswer if none answers this desktop in time. (One that does not know directed
        copies answers everybody: the light shows it, and this raises NoAnswer.)"""
        deadline_s = self.connection.deadline_s(timeout_s)
        request = capture_request(self.dn, Verb.QUERY, connection_id=connection_id)
        request.command_id = secrets.token_bytes(16)
        try:
            async with asyncio.timeout(deadline_s), self._one_query:
                ack = await self.connection.send(request, timeout_s=deadline_s)
                answered = await self._until(lambda: self._answer_to(request.command_id, ack))
        except NoAnswer:
            raise
        except TimeoutError as error:
            raise NoAnswer(f"no recorder answered within {deadline_s:g} s") from error
        state = screen_capture(answered.event)
        assert isinstance(state, CaptureState)  # _take keeps nothing else
        return state

    async def outcome(self, ack: v1.EventACK) -> v1.EventOutcome:
        """What became of the command that got this answer. Waits for it, at most 60 s;
        `outcome` is OUTCOME_UNKNOWN, and `time_us` 0, if the broker did not say by then or the link
        has ended. Never raises for the network; ValueError if this is no answer
        to one of this desktop's last 1,024 commands."""
        command_id = self._accepted.get((ack.dn_epoch, ack.dn_sequence))
        if command_id is None:
            raise ValueError("not an answer to one of this desktop's last commands")
        return await asyncio.shield(self._owed[command_id].told)

    # ---- the light --------------------------------------------------------------------------

    @property
    def light(self) -> Light:
        """What to show the agent now."""
        return self._light

    async def wait_for_light(self, light: Light, *, timeout_s: float | None = None) -> None:
        """Until it is this one. Raises TimeoutError, and LinkLost if the link has ended."""
        async with asyncio.timeout(self.connection.deadline_s(timeout_s)):
            await self._until(lambda: self._light is light or None)

    async def lights(self) -> AsyncIterator[Light]:
        """The light now, then each time that it is another: the newest, not every one between.
        Ends with LinkLost after a last UNKNOWN."""
        shown = self._light
        yield shown
        while self._end is None or shown is not self._light:
            news = self._news
            if shown is not self._light:
                shown = self._light
                yield shown
            else:
                await news.wait()
        raise self._end.of_request(sent=False)

    # ---- inside -----------------------------------------------------------------------------

    async def _command(
        self, verb: Verb, connection_id: int, if_version: int | None, timeout_s: float | None
    ) -> v1.EventACK:
        request = capture_request(self.dn, verb, connection_id=connection_id)
        request.command_id = secrets.token_bytes(16)
        if if_version is not None:
            request.if_version = if_version
        return await self._send(request, timeout_s)

    async def _send(self, request: v1.RequestSendEvent, timeout_s: float | None) -> v1.EventACK:
        """Sends a command, whose outcome is waited for from now on: it may come with the answer."""
        loop = asyncio.get_running_loop()
        owed = _Owed(
            v1.EventOutcome(
                this_dn=self.dn,
                command_id=request.command_id,
                connection_id=request.event.connection_id,
                outcome=v1.OUTCOME_UNKNOWN,
            ),
            loop.create_future(),
        )
        self._owed[request.command_id] = owed
        try:
            ack = await self.connection.send(request, timeout_s=timeout_s)
        except BaseException:
            del self._owed[request.command_id]
            raise
        owed.doubtful.dn_epoch = ack.dn_epoch
        owed.doubtful.dn_sequence = ack.dn_sequence
        owed.doubtful.version = ack.version
        if self._end is not None:
            owed.give_up()
        timer = loop.call_later(OUTCOME_WAIT_MAX_S, owed.give_up)
        owed.told.add_done_callback(lambda _: timer.cancel())
        self._accepted[ack.dn_epoch, ack.dn_sequence] = request.command_id
        while len(self._accepted) > OUTCOMES_MAX:
            del self._owed[self._accepted.pop(next(iter(self._accepted)))]
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
                event = await self.connection.next_event()
                self._take(event)
                if isinstance(event, v1.EventMissed) and event.this_dn == self.dn:
                    snapshot = await self.connection.query_until_known(self.dn)
                    if snapshot is not None:
                        self._take_snapshot(snapshot)
        except LinkLost as lost:
            self._end = lost
            for owed in self._owed.values():
                owed.give_up()
            self._show(Light.UNKNOWN)

    def _take(self, event: Event) -> None:
        if isinstance(event, v1.EventUserEvent):
            if event.event.this_dn == self.dn:
                self._take_user_event(event)
        elif isinstance(event, v1.EventOutcome):
            if (owed := self._owed.get(event.command_id)) is not None:
                owed.tell(event)
        elif event.this_dn != self.dn:
            pass
        elif isinstance(event, v1.EventMissed):
            self._show(Light.UNKNOWN)  # until `_follow` has the state anew
        else:
            self._show(Light.UNKNOWN)  # not registered any more

    def _take_user_event(self, event: v1.EventUserEvent) -> None:
        if event.directed_reference_id and isinstance(screen_capture(event.event), CaptureState):
            self._answer = event
        epoch, sequence = self._known
        if event.dn_epoch != epoch or event.dn_sequence > sequence:  # else older than a snapshot
            self._known = (event.dn_epoch, event.dn_sequence)
            self._show(Light.of(CaptureState.of(event.effective_state)))
        else:
            self._tell()

    def _take_snapshot(self, snapshot: v1.Snapshot) -> None:
        self._known = (snapshot.dn_epoch, snapshot.dn_sequence)
        self._show(Light.of(CaptureState.of(snapshot.effective_state)))

    def _answer_to(self, command_id: bytes, ack: v1.EventACK) -> v1.EventUserEvent | None:
        answer = self._answer
        if answer is None or answer.command_id not in (b"", command_id):
            return None
        later = answer.dn_epoch != ack.dn_epoch or answer.dn_sequence > ack.dn_sequence
        return answer if later else None

    def _show(self, light: Light) -> None:
        self._light = light
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


@dataclass(slots=True)
class _Owed:
    """The outcome of one command, which is told once."""

    doubtful: v1.EventOutcome
    told: asyncio.Future[v1.EventOutcome]

    def tell(self, outcome: v1.EventOutcome) -> None:
        if not self.told.done():
            self.told.set_result(outcome)

    def give_up(self) -> None:
        self.tell(self.doubtful)
