"""What a desktop shows of its DN's screen, made of what the broker says; for any link. Internal."""
from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import AsyncIterator, Callable, Final, TypeVar

from .capture import CaptureState, Failure, Light, Verb, screen_capture
from .errors import LinkLost, RingdownError
from .reasons import Alarm, BrokerReason
from .shown import PendingCommand, Shown, shown_of
from .v1 import ringdown_pb2 as v1

T = TypeVar("T")

RAISED_ALARMS_MAX: Final = 64
"""Alarms that were raised and that a program has not looked at; past it the oldest is not told.
What stands is in `Shown.alarms` all the same."""


class Panel:
    """The light follows what recorders say, never what was commanded. `pending`: the desktop's
    newest command without an outcome."""

    def __init__(self, pending: Callable[[], PendingCommand | None]) -> None:
        self._pending: Final = pending
        self._shown = Shown()
        self._raised: dict[BrokerReason, Alarm] = {}  # by an event, until a recorder speaks
        self._light_at = self._shown_at = (0, 0)  # epoch and sequence of what they stand for
        self._registered = False
        self._answer: v1.EventUserEvent | None = None  # the last one meant for us alone
        self._alarms: deque[Alarm] = deque(maxlen=RAISED_ALARMS_MAX)
        self._alarms_heard = 0
        self._news = asyncio.Event()  # replaced each time
        self._end: RingdownError | None = None

    # ---- what is so -------------------------------------------------------------------------

    @property
    def shown(self) -> Shown:
        """All that is shown now."""
        known = {alarm.reason for alarm in self._shown.alarms}
        raised = [alarm for reason, alarm in self._raised.items() if reason not in known]
        return replace(
            self._shown, alarms=(*self._shown.alarms, *raised), pending=self._pending()
        )

    @property
    def light(self) -> Light:
        """Of that the light."""
        return self._shown.light

    @property
    def is_registered(self) -> bool:
        """Whether it is told what is so."""
        return self._registered

    @property
    def epoch(self) -> int:
        """The DN's, as last heard."""
        return self._light_at[0]

    @property
    def anything_stands(self) -> bool:
        """Something that may end without an event: a pause with its call, an alarm."""
        return bool(
            self._shown.pauses or self._shown.waiting or self._shown.alarms or self._raised
        )

    @property
    def alarms_heard(self) -> int:
        """How many were raised."""
        return self._alarms_heard

    def check_open(self, *, sent: bool = False) -> None:
        """Raises the reason of the end, if it is one."""
        if isinstance(self._end, LinkLost):
            raise self._end.of_request(sent=sent)
        if self._end is not None:
            raise self._end.with_traceback(None)  # else it grows each time

    # ---- what the broker says ---------------------------------------------------------------

    def register(self, snapshot: v1.Snapshot) -> None:
        """The registration is there, with the present state."""
        self._registered = True
        self.take_snapshot(snapshot)

    def lose(self) -> None:
        """The link or the registration is lost: nobody knows what is so."""
        self._registered = False
        self._light_at = self._shown_at = (0, 0)
        self._raised.clear()
        self._show(Shown())

    def end(self, reason: RingdownError) -> None:
        """It is lost for good."""
        if self._end is None:
            self._end = reason
            self.lose()

    def take_missed(self, event: v1.EventMissed) -> None:
        """Events were missed: the light is unknown until the state is known anew."""
        self._light_at = (event.dn_epoch, event.to_sequence)
        self._show(replace(self._shown, light=Light.UNKNOWN))

    def take_event(self, event: v1.EventUserEvent) -> bool:
        """True: what is beside the light may have changed; the broker knows."""
        word = screen_capture(event.event)
        if event.directed_reference_id and isinstance(word, (CaptureState, Failure)):
            self._answer = event
        if event.mark == v1.EVENT_MARK_ALARM:
            self._raise(event)
        before = self._shown
        if isinstance(word, CaptureState) and is_newer(event, self._light_at):
            self._light_at = (event.dn_epoch, event.dn_sequence)
            if word is not CaptureState.UNKNOWN:
                self._raised.clear()  # a recorder has spoken
            light = Light.of(CaptureState.of(event.effective_state))
            self._show(replace(self._shown, light=light))
        else:
            self.tell()
        # An indication changes nothing else, unless something is not as it is to be.
        open_things = before.alarms or before.waiting or self._shown.light is not before.light
        return isinstance(word, Verb) or event.mark == v1.EVENT_MARK_ALARM or bool(open_things)

    def take_snapshot(self, snapshot: v1.Snapshot) -> None:
        """What the broker knows; nothing happens if that is older than what is shown."""
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

    def _raise(self, event: v1.EventUserEvent) -> None:
        alarm = Alarm(BrokerReason.of(event.broker_reason), event.time_us)
        self._raised[alarm.reason] = alarm
        self._alarms.append(alarm)
        self._alarms_heard += 1

    # ---- for the program --------------------------------------------------------------------

    def answer_to(self, command_id: bytes, ack: v1.EventACK) -> v1.EventUserEvent | None:
        """The answer to a query, if it has come."""
        answer = self._answer
        if answer is None or answer.command_id not in (b"", command_id):
            return None
        return answer if is_newer(answer, (ack.dn_epoch, ack.dn_sequence)) else None

    async def until(self, found: Callable[[], T | None], *, sent: bool = False) -> T:
        """What `found` finds, now or after some news. Raises at the end."""
        while (what := found()) is None:
            self.check_open(sent=sent)
            await self._news.wait()
        return what

    async def changes(self) -> AsyncIterator[Shown]:
        """All that is shown, now and each time that it is another; raises at the end."""
        shown = self.shown
        yield shown
        while self._end is None or shown != self.shown:
            news = self._news
            if shown != self.shown:
                shown = self.shown
                yield shown
            else:
                await news.wait()
        self.check_open()

    async def raised_alarms(self) -> AsyncIterator[Alarm]:
        """Each alarm that was raised; raises at the end."""
        taken = 0
        while True:
            taken += max(0, self._alarms_heard - taken - len(self._alarms))  # those missed
            if taken < self._alarms_heard:
                alarm = self._alarms[taken - self._alarms_heard]
                taken += 1
                yield alarm
            else:
                self.check_open()
                await self._news.wait()

    def tell(self) -> None:
        """There is news."""
        self._news.set()
        self._news = asyncio.Event()

    def _show(self, shown: Shown) -> None:
        self._shown = shown
        self.tell()


def is_newer(event: v1.EventUserEvent, known: tuple[int, int]) -> bool:
    """Whether it comes after this epoch and sequence. Epochs have no order: another is newer."""
    epoch, sequence = known
    return event.dn_epoch != epoch or event.dn_sequence > sequence
