"""A screen recorder: commands in, indications out."""
from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Sequence

from ._events import Event
from .capture import CaptureState, Verb, capture_request, screen_capture
from .connection import Connection
from .identity import Identity, Limits
from .v1 import ringdown_pb2 as v1

_COMMAND_FOR: Final = {
    v1.CAPTURE_STATE_ENABLED: Verb.START,
    v1.CAPTURE_STATE_PAUSED: Verb.PAUSE,
    v1.CAPTURE_STATE_DISABLED: Verb.STOP,
}
"""What a recorder does that finds this state desired. To go on recording is to record."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a recorder is to do."""

    verb: Verb
    dn: str
    connection_id: int
    """The call's ConnID; 0: none."""
    version: int
    """The DN's, with this command; a `query` takes none."""
    command_id: bytes
    origin_client_id: int
    """Who commands; 0: it was found in a snapshot, because it was sent while this recorder was
    away, or was missed."""


class Recorder:
    """One recorder, on any number of DNs. Use it as an async context manager, and take commands
    with `async for`; each is to be done and then said with `indicate`.

    A command that was sent while the recorder was away, or that it missed because it was slow,
    comes too: as what is desired now (a pause as PAUSE, a start or resume as START), once.
    """

    def __init__(self, connection: Connection, snapshots: dict[str, v1.Snapshot]) -> None:
        """Use `connect`; or give a connection that is registered, with its snapshots. The
        recorder takes the connection's events and signs it off."""
        self.connection: Final = connection
        self._seen: dict[str, _Seen] = {}
        self._waiting: deque[Command] = deque()  # at most the sessions of all DNs
        self._ask: deque[str] = deque()  # DNs to ask about
        for dn, snapshot in snapshots.items():
            self._take_snapshot(dn, snapshot)

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        dns: Sequence[str],
        *,
        standby: bool = False,
        identity: Identity | None = None,
        limits: Limits = Limits(),
    ) -> Recorder:
        """Connects, signs on and registers. `standby`: hears everything and does not count as
        active. Raises as `Connection.open` and `register` do."""
        who = identity or Identity(v1.ROLE_RECORDER)
        connection = await Connection.open(host, port, who, limits)
        try:
            return cls(connection, await connection.register(dns, standby=standby))
        except BaseException:
            await connection.sign_off()
            raise

    async def __aenter__(self) -> Recorder:
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
        await self.connection.sign_off()

    # ---- commands in ------------------------------------------------------------------------

    def __aiter__(self) -> Recorder:
        return self

    async def __anext__(self) -> Command:
        """The next command. Ends after `close`; raises LinkLost if the link ended otherwise."""
        while True:
            if self._waiting:
                return self._waiting.popleft()
            if self._ask:
                await self._look_up(self._ask[0])
                continue
            event = await anext(self.connection)
            if (command := self._take(event)) is not None:
                return command

    # ---- indications out --------------------------------------------------------------------

    async def indicate(
        self,
        done: Command | str,
        state: CaptureState,
        *,
        connection_id: int = 0,
        timeout_s: float | None = None,
    ) -> v1.EventACK:
        """Says what is so now: in answer to a command, whose version, command id and ConnID it
        echoes, or on a DN of one's own accord. Errors are those of `Connection.send`."""
        if isinstance(done, str):
            request = capture_request(done, state, connection_id=connection_id)
        else:
            request = capture_request(done.dn, state, connection_id=done.connection_id)
            request.version = done.version
            request.command_id = done.command_id
            if done.verb is Verb.QUERY:
                request.directed_client_id = done.origin_client_id
        return await self.connection.send(request, timeout_s=timeout_s)

    # ---- inside -----------------------------------------------------------------------------

    def _take(self, event: Event) -> Command | None:
        if isinstance(event, v1.EventUserEvent):
            return self._take_user_event(event)
        if isinstance(event, v1.EventUnregistered):
            self._seen.pop(event.this_dn, None)
        elif isinstance(event, v1.EventMissed):
            if event.this_dn in self._seen and event.this_dn not in self._ask:
                self._ask.append(event.this_dn)
        return None

    def _take_user_event(self, event: v1.EventUserEvent) -> Command | None:
        verb = screen_capture(event.event)
        seen = self._seen.get(event.event.this_dn)
        if not isinstance(verb, Verb) or seen is None or event.mark == v1.EVENT_MARK_HELD:
            return None
        if verb is not Verb.QUERY and not seen.is_new(event):
            return None  # it was in a snapshot already
        return Command(
            verb,
            event.event.this_dn,
            event.event.connection_id,
            event.version,
            event.command_id,
            event.origin_client_id,
        )

    async def _look_up(self, dn: str) -> None:
        """What was missed is in the DN's snapshot."""
        snapshot = await self.connection.query_until_known(dn)
        self._ask.popleft()
        if snapshot is not None:
            self._take_snapshot(dn, snapshot)

    def _take_snapshot(self, dn: str, snapshot: v1.Snapshot) -> None:
        seen = self._seen.setdefault(dn, _Seen())
        known = seen.version if seen.epoch == snapshot.dn_epoch else 0
        seen.epoch, seen.version = snapshot.dn_epoch, max(known, snapshot.version)
        seen.held = {one.connection_id: one.version for one in snapshot.sessions if one.held}
        orders = []
        for session in sorted(snapshot.sessions, key=lambda one: one.version):
            verb = _COMMAND_FOR.get(session.desired)
            version = session.version
            if session.held:  # paused until the broker lets its resume go, which has the version
                verb, version = Verb.PAUSE, 0
            if session.HasField("desired") and verb is not None and session.version > known:
                orders.append(Command(verb, dn, session.connection_id, version, b"", 0))
        # There is one screen: whoever does them one after the other ends paused.
        orders.sort(key=lambda one: one.verb is Verb.PAUSE)
        self._waiting.extend(orders)


@dataclass(slots=True)
class _Seen:
    """The last command of a DN that was given out."""

    epoch: int = 0
    version: int = 0
    held: dict[int, int] = field(default_factory=dict)
    """By ConnID: versions of resumes that the last snapshot said are held."""

    def is_new(self, event: v1.EventUserEvent) -> bool:
        """Whether this comes after all seen so far; then it is the last one seen. A held resume
        that is let go is as old as it was."""
        if event.dn_epoch == self.epoch and event.version <= self.version:
            held = self.held.pop(event.event.connection_id, None)
            return event.version == held
        self.epoch, self.version = event.dn_epoch, event.version
        return True
