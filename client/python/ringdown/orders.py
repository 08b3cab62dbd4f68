"""What a recorder is told, and what it has done of it. No sockets and no waiting: pure."""
from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from .capture import SCREEN_CAPTURE, CaptureState, Failure, Value, Verb
from .capture import screen_capture, values_of
from .v1 import ringdown_pb2 as v1

QUERIES_MAX: Final = 16
"""Queries of one DN that wait for an order to be done. Past it the oldest goes: who asked it hears
what is said to the others."""
CALLS_MAX: Final = 64
"""Calls of one DN with an order that waits, of a recorder that records calls apart: far above what
one agent has. Past it the oldest order goes; its outcome tells so."""

_SCREEN_AFTER: Final = {
    Verb.START: CaptureState.ENABLED,
    Verb.RESUME: CaptureState.ENABLED,
    Verb.PAUSE: CaptureState.PAUSED,
    Verb.STOP: CaptureState.DISABLED,
}
_VERB_FOR: Final = {
    CaptureState.ENABLED: Verb.START,
    CaptureState.PAUSED: Verb.PAUSE,
    CaptureState.DISABLED: Verb.STOP,
}


class Cause(Enum):
    """Why there is an order."""

    COMMAND = "command"
    """Somebody commands."""
    FOUND = "found"
    """It was found in the DN's state, by a recorder that registered or has missed something."""
    CALL_ENDED = "call_ended"
    CALL_GOES_ON = "call_goes_on"
    """Behind the stop of another call."""
    HOLD_RELEASED = "hold_released"
    """It was held until no pause stood any more."""
    PAUSE_HOLDER_GONE = "pause_holder_gone"
    DRIFT = "drift"
    """A recorder had left what the screen is to be."""
    RECORDER_CAME = "recorder_came"
    ASKED = "asked"
    BROKER = "broker"
    """The broker's, for a reason of a later protocol."""


_CAUSES: Final[dict[int, Cause]] = {
    v1.BROKER_REASON_CALL_ENDED: Cause.CALL_ENDED,
    v1.BROKER_REASON_CALL_GOES_ON: Cause.CALL_GOES_ON,
    v1.BROKER_REASON_HOLD_RELEASED: Cause.HOLD_RELEASED,
    v1.BROKER_REASON_PAUSE_HOLDER_GONE: Cause.PAUSE_HOLDER_GONE,
    v1.BROKER_REASON_DRIFT: Cause.DRIFT,
    v1.BROKER_REASON_RECORDER_CAME: Cause.RECORDER_CAME,
    v1.BROKER_REASON_ASKED: Cause.ASKED,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Who commands, as the broker says: nobody can pose as another connection."""

    client_id: int = 0
    """The connection; 0: the broker, or not known any more."""
    role: v1.Role = v1.ROLE_UNSPECIFIED
    """UNSPECIFIED: an order that was found, whose role the DN's state does not tell."""
    instance_id: bytes = b""
    """The running program's, over all of its connections. Not told of an order that was found."""
    application_name: str = ""
    """Told only of an order that was found: of the last command."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a recorder is to do about a DN's screen."""

    dn: str
    screen: CaptureState | None
    """What the screen is to be now, all calls and pauses taken together: do this. None: change
    nothing, only say what is so."""
    verb: Verb
    """What was commanded: for people and logs."""
    connection_id: int = 0
    """The call's ConnID; 0: none."""
    version: int = 0
    """The DN's, with this order; a query takes none."""
    cause: Cause = Cause.COMMAND
    reason: str = ""
    agent_id: str = ""
    command_id: bytes = b""
    origin: Origin = Origin()
    user_data: tuple[tuple[str, Value], ...] = ()
    """What else the command carries, in its order, without `screen-capture`."""
    deadline_time_us: int | None = None
    """When the order's outcome is decided: UTC of the broker's clock, in microseconds. None: the
    broker's own time counts (2 s by default), and it did not tell."""
    epoch: int = 0
    """The DN's: versions count anew in each."""
    for_client_id: int = 0
    """The one recorder's connection that got it; 0: every one's."""


@dataclass(slots=True)
class Found:
    """What a snapshot brings."""

    orders: list[Order] = field(default_factory=list)
    again: Order | None = None
    """This is so already: it is only to be said again."""
    until_then: bool = False
    """Something else is so until the order is done, and the broker does not know: it is to be said
    first. A pause that came before the recorder must not hide what it interrupts."""


@dataclass(slots=True)
class Known:
    """One DN's last order and the program's last word."""

    epoch: int = 0
    version: int = 0
    """Of the newest order, done or not."""
    answered: int = 0
    """Of the newest one that was done."""
    said: CaptureState | None = None

    def order_in(self, event: v1.EventUserEvent, client_id: int, per_call: bool) -> Order | None:
        """The order that an event is for this recorder, if it is one and nothing newer is known."""
        verb = screen_capture(event.event)
        if not isinstance(verb, Verb) or not _is_for(event, client_id):
            return None
        version, screen = 0, None
        if verb is not Verb.QUERY:
            version, screen = event.version, _screen_after(event, verb, per_call)
            if not self._moves_on(event.dn_epoch, version):
                return None
        by_broker = event.origin_client_id == 0
        return Order(
            dn=event.event.this_dn,
            screen=screen,
            verb=verb,
            connection_id=event.event.connection_id,
            version=version,
            cause=_CAUSES.get(event.broker_reason, Cause.BROKER) if by_broker else Cause.COMMAND,
            reason=event.reason,
            agent_id=event.agent_id,
            command_id=event.command_id,
            origin=Origin(event.origin_client_id, event.origin_role, event.origin_instance_id),
            user_data=_others_of(event.event.user_data),
            deadline_time_us=_deadline_of(event),
            epoch=event.dn_epoch,
            for_client_id=event.for_recorder_client_id,
        )

    def found_in(
        self,
        dn: str,
        snapshot: v1.Snapshot,
        *,
        client_id: int,
        registered: bool,
        at_work: bool,
        per_call: bool = False,
    ) -> Found:
        """What the DN's state asks for. `registered`: it came with a registration, and the broker
        has no word of ours; else it fills a gap. `at_work`: an order is in the program's hands or
        waits for it."""
        session = snapshot.sessions[0] if snapshot.sessions else v1.CaptureSession()
        desired = CaptureState.of(session.desired)  # UNKNOWN if it is not said
        was_done = self.answered >= self.version
        same = snapshot.dn_epoch == self.epoch
        version = max(snapshot.version, session.version)
        is_new = self._moves_on(snapshot.dn_epoch, version)
        order = Order(
            dn=dn,
            screen=desired,
            verb=_VERB_FOR.get(desired, Verb.QUERY),
            connection_id=session.connection_id,
            version=version,
            cause=Cause.FOUND,
            origin=Origin(
                session.desired_by_client_id, application_name=session.desired_by_application
            ),
            deadline_time_us=_deadline_in(session, version),
            epoch=snapshot.dn_epoch,
        )
        if desired is CaptureState.UNKNOWN:
            return self._found_nothing(order, is_new, was_done, registered)
        if not is_new and (at_work or version < self.version):
            return Found()
        so_already = was_done and self.said is desired and not per_call
        if not is_new and not registered:
            is_missing = so_already and _is_missing(session, self, client_id)
            return Found(again=order if is_missing else None)
        if so_already:
            return Found(again=order)
        if per_call:
            return Found(_each_call(order, session))
        is_otherwise = self.said not in (None, desired)
        return Found([order], until_then=registered and is_otherwise)

    def take_answer(self, order: Order, word: CaptureState | Failure) -> bool:
        """False: nothing is to be said, because the answer to a newer order counts."""
        if order.version:
            newer = self.answered > (order.version if order.epoch == self.epoch else 0)
            if newer:
                return False
        self.take_word(word)
        done = not isinstance(word, Failure) or word.state is order.screen
        if order.epoch == self.epoch and done:
            self.answered = max(self.answered, order.version)
        return True

    def take_word(self, word: CaptureState | Failure) -> None:
        """The program says what is so."""
        state = word.state if isinstance(word, Failure) else word
        self.said = state or self.said

    def restart(self) -> None:
        """The broker has restarted: it counts anew, in an epoch that it will tell. An order that
        was not done is still not."""
        self.epoch, self.version, self.answered = 0, int(self.answered < self.version), 0

    def _moves_on(self, epoch: int, version: int) -> bool:
        if epoch == self.epoch and version <= self.version:
            return False
        if epoch != self.epoch:
            self.answered = 0
        self.epoch, self.version = epoch, version
        return True

    def _found_nothing(
        self, order: Order, is_new: bool, was_done: bool, registered: bool
    ) -> Found:
        """Nobody has asked for anything, or the broker has forgotten it: what is so is told."""
        if is_new:
            self.answered = self.version
        if not registered:
            return Found()
        question = replace(order, screen=None, version=0, origin=Origin())
        if was_done and self.said is not None:
            return Found(again=question)
        return Found([question])


class Screens:
    """What a recorder's program has done on each DN. Keep it over reconnects, as the Identity:
    then an order that is done is not given again."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def state(self, dn: str) -> CaptureState | None:
        """What the program last said of the DN; None: nothing."""
        return self._known[dn].said if dn in self._known else None

    def known(self, dn: str) -> Known:
        """For the recorder."""
        return self._known.setdefault(dn, Known())

    def take(self, about: Order | str, word: CaptureState | Failure) -> bool:
        """The program says what is so, in answer to an order or of a DN. False: nothing is to be
        said, because the answer to a newer order counts."""
        if isinstance(about, Order):
            return self.known(about.dn).take_answer(about, word)
        if isinstance(word, Failure) and word.state is None:
            raise ValueError("word: a failure without a state answers an order, not a DN")
        self.known(about).take_word(word)
        return True

    def restart(self) -> None:
        """For a recorder whose broker has restarted."""
        for known in self._known.values():
            known.restart()

    def forget(self, dn: str) -> None:
        """What was done there is past: the DN is not recorded any more, or its screen was changed
        without an order. The next registration brings the order anew."""
        self._known.pop(dn, None)


class Waiting:
    """One DN's orders that the program has not taken. There is one screen: of commands the newest
    counts, the others are done with it. A recorder that records calls apart keeps the newest of
    each call. Queries come behind: they want to know what is so."""

    def __init__(self, per_call: bool) -> None:
        self._per_call = per_call
        self._orders: dict[int, Order] = {}  # by ConnID
        self._queries: deque[Order] = deque(maxlen=QUERIES_MAX)

    def __len__(self) -> int:
        return len(self._orders) + len(self._queries)

    @property
    def has_orders(self) -> bool:
        """More than queries."""
        return bool(self._orders)

    def put(self, order: Order) -> None:
        """A newer one than all that wait."""
        if order.screen is None:
            self._queries.append(order)
            return
        if not self._per_call:
            self._orders.clear()
        elif order.screen is CaptureState.PAUSED:  # nothing is recorded while a pause stands
            for call, other in self._orders.items():
                self._orders[call] = replace(other, screen=CaptureState.PAUSED)
        self._orders.pop(order.connection_id, None)
        if len(self._orders) >= CALLS_MAX:
            del self._orders[next(iter(self._orders))]
        self._orders[order.connection_id] = order

    def take(self) -> Order | None:
        """The next one; None: nothing waits."""
        if self._orders:
            return self._orders.pop(next(iter(self._orders)))
        return self._queries.popleft() if self._queries else None


def _is_for(event: v1.EventUserEvent, client_id: int) -> bool:
    if event.kept_from_recorders or event.mark == v1.EVENT_MARK_HELD:
        return False
    return event.for_recorder_client_id in (0, client_id)


def _screen_after(event: v1.EventUserEvent, verb: Verb, per_call: bool) -> CaptureState:
    """What the broker says; the verb's own meaning only where it does not."""
    if per_call and verb is Verb.STOP and event.event.connection_id:
        return CaptureState.DISABLED  # of this call, whatever goes on beside it
    desired = CaptureState.of(event.desired)
    return _SCREEN_AFTER[verb] if desired is CaptureState.UNKNOWN else desired


def _others_of(data: v1.UserData) -> tuple[tuple[str, Value], ...]:
    return tuple(pair for pair in values_of(data) if pair[0] != SCREEN_CAPTURE)


def _deadline_of(event: v1.EventUserEvent) -> int | None:
    if not event.HasField("confirm_timeout_ms"):
        return None
    return event.time_us + event.confirm_timeout_ms * 1000


def _deadline_in(session: v1.CaptureSession, version: int) -> int | None:
    for one in session.orders:
        if one.version == version and not one.held and one.deadline_time_us:
            return one.deadline_time_us
    return None


def _is_missing(session: v1.CaptureSession, known: Known, client_id: int) -> bool:
    """Whether the broker does not know our word."""
    for one in session.recorders:
        if one.client_id == client_id:
            said = CaptureState.of(one.said) if one.HasField("said") else None
            return one.owes > 0 or said is not known.said
    return False


def _each_call(order: Order, session: v1.CaptureSession) -> list[Order]:
    """Orders to record are for the calls that want it; others are for all of them."""
    calls = [one.connection_id for one in session.calls if one.wants_recording]
    if order.screen is not CaptureState.ENABLED or not calls:
        return [replace(order, connection_id=0)]
    return [replace(order, connection_id=call) for call in calls[:CALLS_MAX]]
