"""The outcomes that a desktop's commands are owed. Internal."""
from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from .v1 import ringdown_pb2 as v1

OUTCOME_WAIT_MAX_S: Final = 60.0
"""How long an outcome is waited for. The broker's own time counts (normally 2 s, and no longer than
this unless an operator wants it so), and it does not tell that. Reached only if the broker breaks
its promise."""
OUTCOMES_MAX: Final = 1024
"""Commands whose outcome can still be asked for; the newest ones."""


@dataclass(slots=True)
class _Owed:
    """What one command is owed. Each of both is told once."""

    doubtful: v1.EventOutcome
    first: asyncio.Future[v1.EventOutcome]
    """The command's one outcome."""
    final: asyncio.Future[v1.EventOutcome]
    """The same, or, if it was held, what became of it when the hold ended."""

    def tell(self, outcome: v1.EventOutcome) -> None:
        if self.first.done():
            return
        self.first.set_result(outcome)
        if outcome.outcome != v1.OUTCOME_HELD:
            self.tell_final(outcome)

    def tell_final(self, outcome: v1.EventOutcome) -> None:
        if not self.final.done():
            self.final.set_result(outcome)

    def give_up(self) -> None:
        """Nobody will tell."""
        self.tell(self.doubtful)
        self.tell_final(self.doubtful)

    def give_up_first(self) -> None:
        """It was not told in time. One that is held may wait as long as a pause stands."""
        self.tell(self.doubtful)


class Outcomes:
    """Of the newest `OUTCOMES_MAX` commands that were accepted, and of those on their way."""

    def __init__(self) -> None:
        self._owed: dict[bytes, _Owed] = {}  # by command id
        self._accepted: dict[tuple[int, int], bytes] = {}  # command ids by epoch and sequence
        self._ended = False

    def expect(self, request: v1.RequestSendEvent) -> None:
        """A command is about to be sent: its outcome may come with the answer."""
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
        """It was not accepted."""
        self._owed.pop(request.command_id, None)

    def accept(self, request: v1.RequestSendEvent, ack: v1.EventACK) -> None:
        """It was accepted with this answer."""
        owed = self._owed[request.command_id]
        owed.doubtful.dn_epoch = ack.dn_epoch
        owed.doubtful.dn_sequence = ack.dn_sequence
        owed.doubtful.version = ack.version
        if self._ended:
            owed.give_up()
        loop = asyncio.get_running_loop()
        timer = loop.call_later(OUTCOME_WAIT_MAX_S, owed.give_up_first)
        owed.first.add_done_callback(lambda _: timer.cancel())
        self._accepted[ack.dn_epoch, ack.dn_sequence] = request.command_id
        while len(self._accepted) > OUTCOMES_MAX:
            oldest = self._accepted.pop(next(iter(self._accepted)))
            self._owed.pop(oldest).give_up()

    def take(self, outcome: v1.EventOutcome) -> None:
        """What the broker says. Of other clients' commands: nothing happens."""
        if outcome.released_sequence:
            if (owed := self._owed.get(outcome.released_command_id)) is not None:
                owed.tell_final(outcome)
        elif (owed := self._owed.get(outcome.command_id)) is not None:
            owed.tell(outcome)

    def end(self) -> None:
        """The link has ended: nothing is told any more."""
        self._ended = True
        for owed in self._owed.values():
            owed.give_up()

    async def first(self, ack: v1.EventACK) -> v1.EventOutcome:
        """Waits for the command's outcome. ValueError: it is none of ours, or too old."""
        return await asyncio.shield(self._of(ack).first)

    async def final(self, ack: v1.EventACK) -> v1.EventOutcome:
        """The same of a command that is not held any more."""
        return await asyncio.shield(self._of(ack).final)

    def _of(self, ack: v1.EventACK) -> _Owed:
        command_id = self._accepted.get((ack.dn_epoch, ack.dn_sequence))
        if command_id is None:
            raise ValueError("not an answer to one of this desktop's last commands")
        return self._owed[command_id]
