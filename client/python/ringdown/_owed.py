"""The outcomes that a desktop's commands are owed. Internal."""
from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Callable, Final

from .capture import Verb, screen_capture
from .outcomes import CommandOutcome
from .shown import PendingCommand
from .v1 import ringdown_pb2 as v1

OUTCOME_WAIT_MAX_S: Final = 60.0
"""How long an outcome is waited for. The broker's own time counts (normally 2 s, and no longer than
this unless an operator wants it so), and it does not tell that. Reached only if the broker breaks
its promise."""
OUTCOMES_MAX: Final = 1024
"""Commands whose outcome can still be asked for; the newest ones."""
OUTCOME_MARGIN_S: Final = 3.0
"""How long after its deadline an outcome may be on its way: room for a short reconnect."""


@dataclass(slots=True)
class _Owed:
    """What one command is owed. Each of both is told once."""

    doubtful: v1.EventOutcome
    first: asyncio.Future[CommandOutcome]
    """The command's one outcome."""
    final: asyncio.Future[CommandOutcome]
    """The same, or, if it was held, what became of it when the hold ended."""

    is_accepted: bool = False

    def tell(self, outcome: v1.EventOutcome) -> None:
        if self.first.done():
            return
        self.first.set_result(CommandOutcome.of(outcome))
        if outcome.outcome != v1.OUTCOME_HELD:
            self.tell_final(outcome)

    def tell_final(self, outcome: v1.EventOutcome) -> None:
        if not self.final.done():
            self.final.set_result(CommandOutcome.of(outcome))

    def give_up(self) -> None:
        """Nobody will tell."""
        self.tell(self.doubtful)
        self.tell_final(self.doubtful)

    def give_up_first(self) -> None:
        """It was not told in time. One that is held may wait as long as a pause stands."""
        self.tell(self.doubtful)

    def give_up_final(self) -> None:
        """The same of one that is held no more."""
        self.tell_final(self.doubtful)

    @property
    def is_held(self) -> bool:
        return self.first.done() and not self.final.done()


class Outcomes:
    """Of the newest `OUTCOMES_MAX` commands that were accepted, and of those on their way.
    `changed` is called when `pending` may be another one."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed: Final = changed
        self._owed: dict[bytes, _Owed] = {}  # by command id
        self._accepted: dict[tuple[int, int], bytes] = {}  # command ids by epoch and sequence
        self._pending: dict[bytes, PendingCommand] = {}  # in the order of acceptance
        self._ended = False

    @property
    def pending(self) -> PendingCommand | None:
        """The newest command that was accepted and has no outcome."""
        return next(reversed(self._pending.values()), None)

    def expect(self, request: v1.RequestSendEvent) -> None:
        """A command is about to be sent, or sent again: its outcome may come with the answer."""
        if request.command_id in self._owed:
            return
        loop = asyncio.get_running_loop()
        doubtful = v1.EventOutcome(
            this_dn=request.this_dn,
            command_id=request.command_id,
            connection_id=request.event.connection_id,
            outcome=v1.OUTCOME_UNKNOWN,
        )
        self._owed[request.command_id] = _Owed(
            doubtful, loop.create_future(), loop.create_future()
        )

    def drop(self, request: v1.RequestSendEvent) -> None:
        """It was not accepted, or nobody knows: who sent it was told."""
        owed = self._owed.get(request.command_id)
        if owed is not None and not owed.is_accepted:
            del self._owed[request.command_id]

    def accept(self, request: v1.RequestSendEvent, ack: v1.EventACK) -> None:
        """It was accepted with this answer."""
        owed = self._owed[request.command_id]
        owed.is_accepted = True
        owed.doubtful.dn_epoch = ack.dn_epoch
        owed.doubtful.dn_sequence = ack.dn_sequence
        owed.doubtful.version = ack.version
        if self._ended:
            owed.give_up()
        has_own = request.HasField("confirm_timeout_ms")
        own_s = request.confirm_timeout_ms / 1000 if has_own else None
        self._later(
            OUTCOME_WAIT_MAX_S if own_s is None else own_s + OUTCOME_MARGIN_S,
            owed.first,
            owed.give_up_first,
        )
        if not owed.first.done():
            self._pend(request, own_s, owed.first)
        self._accepted[ack.dn_epoch, ack.dn_sequence] = request.command_id
        while len(self._accepted) > OUTCOMES_MAX:
            oldest = self._owed.pop(self._accepted.pop(next(iter(self._accepted))), None)
            if oldest is not None:
                oldest.give_up()

    def take(self, outcome: v1.EventOutcome) -> None:
        """What the broker says. Of other clients' commands: nothing happens."""
        if outcome.released_sequence:
            if (owed := self._owed.get(outcome.released_command_id)) is not None:
                owed.tell_final(outcome)
        elif (owed := self._owed.get(outcome.command_id)) is not None:
            owed.tell(outcome)

    def restart(self) -> None:
        """The broker that had accepted them is gone. Others may be sent again."""
        for owed in self._owed.values():
            if owed.is_accepted:
                owed.give_up()

    def register(self, snapshot: v1.Snapshot) -> None:
        """The desktop has come back. What the broker had accepted or held it may have decided
        while the link was down; an outcome on its way may still come."""
        session = snapshot.sessions[0] if snapshot.sessions else v1.CaptureSession()
        waiting = {one.dn_sequence for one in session.orders if one.held}
        for owed in self._owed.values():
            told = owed.doubtful
            if not owed.is_accepted:
                continue
            if not owed.first.done() and session.pending == 0:
                self._later(OUTCOME_MARGIN_S, owed.first, owed.give_up_first)
            waits = told.dn_epoch == snapshot.dn_epoch and told.dn_sequence in waiting
            if owed.is_held and not waits:
                self._later(OUTCOME_MARGIN_S, owed.final, owed.give_up_final)

    def end(self) -> None:
        """Nothing is told any more."""
        self._ended = True
        for owed in self._owed.values():
            owed.give_up()

    async def first(self, ack: v1.EventACK) -> CommandOutcome:
        """Waits for the command's outcome. ValueError: it is none of ours, or too old."""
        return await asyncio.shield(self._of(ack).first)

    async def final(self, ack: v1.EventACK) -> CommandOutcome:
        """The same of a command that is not held any more."""
        return await asyncio.shield(self._of(ack).final)

    def _of(self, ack: v1.EventACK) -> _Owed:
        owed = self._owed.get(self._accepted.get((ack.dn_epoch, ack.dn_sequence), b""))
        if owed is None:
            raise ValueError("not an answer to one of this desktop's last commands")
        return owed

    def _pend(
        self,
        request: v1.RequestSendEvent,
        own_s: float | None,
        first: asyncio.Future[CommandOutcome],
    ) -> None:
        verb = screen_capture(request.event)
        assert isinstance(verb, Verb)
        deadline_s = None if own_s is None else asyncio.get_running_loop().time() + own_s
        self._pending[request.command_id] = PendingCommand(
            verb, request.event.connection_id, request.command_id, deadline_s
        )
        first.add_done_callback(lambda _: self._settle(request.command_id))

    def _settle(self, command_id: bytes) -> None:
        if self._pending.pop(command_id, None) is not None:
            self._changed()

    def _later(
        self, wait_s: float, until: asyncio.Future[CommandOutcome], what: Callable[[], None]
    ) -> None:
        """`what` after so long, unless it is told before."""
        if not until.done():
            timer = asyncio.get_running_loop().call_later(wait_s, what)
            until.add_done_callback(lambda _: timer.cancel())
