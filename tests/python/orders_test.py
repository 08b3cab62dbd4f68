"""What a recorder makes of events, snapshots and its program's answers: the pure part."""
from __future__ import annotations

import random
import unittest

from fake_broker import user_event
from ringdown import CaptureState, Cause, Failure, Order, Screens, Verb, v1
from ringdown.orders import CALLS_MAX, QUERIES_MAX, Found, Known, Waiting

SEED = 20261130
ME, OTHER = 7, 8
ENABLED, PAUSED = v1.CAPTURE_STATE_ENABLED, v1.CAPTURE_STATE_PAUSED
DISABLED = v1.CAPTURE_STATE_DISABLED
VERBS = {ENABLED: "start", PAUSED: "pause", DISABLED: "stop"}


def event(
    word: str,
    version: int,
    desired: v1.CaptureState | None = None,
    *,
    epoch: int = 1,
    call: int = 0,
) -> v1.EventUserEvent:
    frame = user_event(
        "7001", version + 100, epoch=epoch, word=word, version=version, desired=desired, call=call
    )
    return frame.event_user_event


def state(
    version: int,
    desired: v1.CaptureState | None,
    *,
    epoch: int = 1,
    word: v1.RecorderWord | None = None,
    calls: list[v1.Call] | None = None,
) -> v1.Snapshot:
    if desired is None and word is None:
        return v1.Snapshot(dn_epoch=epoch, version=version)
    session = v1.CaptureSession(
        connection_id=0x71,
        desired=desired,
        version=version,
        recorders=[] if word is None else [word],
        calls=calls or [],
    )
    return v1.Snapshot(dn_epoch=epoch, version=version, sessions=[session])


class Recorded:
    """A DN's orders as a recorder hears them."""

    def __init__(self, per_call: bool = False) -> None:
        self.known = Known()
        self.per_call = per_call

    def hear(self, one: v1.EventUserEvent) -> Order | None:
        return self.known.order_in(one, ME, self.per_call)

    def do(self, one: v1.EventUserEvent, answer: CaptureState | Failure | None = None) -> Order:
        """An order that is done at once, unless the answer is another one."""
        order = self.hear(one)
        assert order is not None and order.screen is not None
        self.known.take_answer(order, order.screen if answer is None else answer)
        return order

    def find(
        self, snapshot: v1.Snapshot, *, registered: bool = True, at_work: bool = False
    ) -> Found:
        return self.known.found_in(
            "7001",
            snapshot,
            client_id=ME,
            registered=registered,
            at_work=at_work,
            per_call=self.per_call,
        )


class Events(unittest.TestCase):
    def test_an_order_is_what_the_screen_is_to_be_whatever_was_commanded(self) -> None:
        cases = [
            ("start", PAUSED, CaptureState.PAUSED),
            ("resume", DISABLED, CaptureState.DISABLED),
            ("stop", ENABLED, CaptureState.ENABLED),
            ("stop", PAUSED, CaptureState.PAUSED),
            ("pause", PAUSED, CaptureState.PAUSED),
        ]
        recorded = Recorded()
        for version, (word, desired, screen) in enumerate(cases, 1):
            order = recorded.hear(event(word, version, desired, call=0x71))
            assert order is not None
            self.assertEqual((order.screen, order.verb.value), (screen, word))
            self.assertEqual((order.version, order.connection_id), (version, 0x71))

    def test_where_the_broker_does_not_say_the_verb_counts(self) -> None:
        recorded = Recorded()
        of_a_later_protocol = v1.EventUserEvent.FromString(
            event("pause", 5).SerializeToString() + b"\x80\x01\x4d"  # desired: 77
        )
        cases = [
            (event("start", 1), CaptureState.ENABLED),
            (event("pause", 2), CaptureState.PAUSED),
            (event("resume", 3), CaptureState.ENABLED),
            (event("stop", 4), CaptureState.DISABLED),
            (of_a_later_protocol, CaptureState.PAUSED),
        ]
        for one, screen in cases:
            order = recorded.hear(one)
            assert order is not None
            self.assertIs(order.screen, screen)

    def test_what_is_not_for_this_recorder_is_no_order(self) -> None:
        recorded = Recorded()
        held = event("resume", 1, PAUSED)
        held.mark = v1.EVENT_MARK_HELD
        kept = event("resume", 1, DISABLED)
        kept.kept_from_recorders = True
        others = event("pause", 1, PAUSED)
        others.for_recorder_client_id = OTHER
        for one in (held, kept, others, event("enabled", 1), event("failed", 1), event("", 1)):
            self.assertIsNone(recorded.hear(one))
        ours = event("pause", 1, PAUSED)
        ours.for_recorder_client_id = ME
        self.assertIsNotNone(recorded.hear(ours))

    def test_an_older_version_changes_nothing_until_the_dn_is_reborn(self) -> None:
        recorded = Recorded()
        self.assertIsNotNone(recorded.hear(event("pause", 5, PAUSED)))
        for version in (5, 4, 0):
            self.assertIsNone(recorded.hear(event("start", version, ENABLED)))
        self.assertIsNotNone(recorded.hear(event("start", 6, ENABLED)))
        self.assertIsNotNone(recorded.hear(event("pause", 1, PAUSED, epoch=2)))
        self.assertIsNone(recorded.hear(event("start", 1, ENABLED, epoch=2)))

    def test_a_query_is_to_change_nothing(self) -> None:
        recorded = Recorded()
        recorded.do(event("pause", 5, PAUSED))
        for version in (0, 5):
            order = recorded.hear(event("query", version, ENABLED))
            assert order is not None
            self.assertIsNone(order.screen)
            self.assertEqual((order.verb, order.version), (Verb.QUERY, 0))
        self.assertEqual(recorded.known.version, 5)

    def test_an_order_tells_whose_it_is_and_why(self) -> None:
        recorded = Recorded()
        one = event("pause", 1, PAUSED)
        one.origin_client_id, one.reason, one.agent_id = 99, "card", "A-1017"
        one.command_id = b"c" * 16
        order = recorded.hear(one)
        assert order is not None
        self.assertEqual((order.cause, order.origin.client_id), (Cause.COMMAND, 99))
        self.assertEqual((order.reason, order.agent_id), ("card", "A-1017"))
        self.assertEqual(order.command_id, b"c" * 16)
        reasons = {
            v1.BROKER_REASON_DRIFT: Cause.DRIFT,
            v1.BROKER_REASON_HOLD_RELEASED: Cause.HOLD_RELEASED,
            v1.BROKER_REASON_CALL_ENDED: Cause.CALL_ENDED,
            v1.BROKER_REASON_CALL_GOES_ON: Cause.CALL_GOES_ON,
            v1.BROKER_REASON_PAUSE_HOLDER_GONE: Cause.PAUSE_HOLDER_GONE,
            v1.BROKER_REASON_RECORDER_CAME: Cause.RECORDER_CAME,
            v1.BROKER_REASON_ASKED: Cause.ASKED,
            v1.BROKER_REASON_UNSPECIFIED: Cause.BROKER,
        }
        for version, (reason, cause) in enumerate(reasons.items(), 2):
            one = event("pause", version, PAUSED)
            one.broker_reason = reason
            order = recorded.hear(one)
            assert order is not None
            self.assertIs(order.cause, cause)


class Snapshots(unittest.TestCase):
    def test_what_is_desired_is_an_order_for_one_who_comes(self) -> None:
        for desired, verb in ((ENABLED, Verb.START), (PAUSED, Verb.PAUSE), (DISABLED, Verb.STOP)):
            found = Recorded().find(state(4, desired))
            [order] = found.orders
            self.assertIsNone(found.again)
            self.assertEqual(order.screen, CaptureState.of(desired))
            self.assertEqual((order.verb, order.cause), (verb, Cause.FOUND))
            self.assertEqual((order.version, order.connection_id, order.epoch), (4, 0x71, 1))

    def test_what_is_done_is_only_said_again(self) -> None:
        for snapshot in (state(4, PAUSED), state(6, PAUSED), state(1, PAUSED, epoch=2)):
            recorded = Recorded()
            recorded.do(event("pause", 4, PAUSED))
            found = recorded.find(snapshot)
            self.assertEqual(found.orders, [])
            assert found.again is not None
            self.assertEqual(found.again.version, snapshot.version)
            self.assertTrue(recorded.known.take_answer(found.again, CaptureState.PAUSED))

    def test_what_is_not_done_or_not_so_any_more_is_ordered_again(self) -> None:
        pause = event("pause", 4, PAUSED)
        not_answered, failed, left, other = Recorded(), Recorded(), Recorded(), Recorded()
        not_answered.hear(pause)
        failed.do(pause, Failure(1, "no", CaptureState.DISABLED))
        left.do(pause)
        left.known.take_word(CaptureState.ENABLED)
        other.do(event("start", 4, ENABLED))
        for recorded in (not_answered, failed, left):
            [order] = recorded.find(state(4, PAUSED)).orders
            self.assertEqual((order.screen, order.version), (CaptureState.PAUSED, 4))
        [order] = other.find(state(5, PAUSED)).orders
        self.assertIs(order.screen, CaptureState.PAUSED)

    def test_a_gap_brings_only_what_is_new(self) -> None:
        recorded = Recorded()
        recorded.do(event("pause", 4, PAUSED))
        for known in (state(4, PAUSED), state(3, ENABLED), state(4, None)):
            self.assertEqual(recorded.find(known, registered=False), Found())
        again = recorded.find(state(6, PAUSED), registered=False)
        assert again.again is not None
        self.assertEqual((again.orders, again.again.version), ([], 6))
        [order] = recorded.find(state(7, ENABLED), registered=False).orders
        self.assertEqual((order.screen, order.version), (CaptureState.ENABLED, 7))
        self.assertEqual(recorded.find(state(7, ENABLED), registered=False), Found())

    def test_in_a_gap_a_word_that_the_broker_has_not_is_said_again(self) -> None:
        recorded = Recorded()
        recorded.do(event("pause", 4, PAUSED))

        def find(**word: object) -> Found:
            ours = v1.RecorderWord(client_id=ME)
            for name, value in word.items():
                setattr(ours, name, value)
            return recorded.find(state(4, PAUSED, word=ours), registered=False)

        self.assertEqual(find(said=PAUSED), Found())
        for missing in (find(), find(said=ENABLED), find(said=PAUSED, owes=1)):
            assert missing.again is not None
            self.assertEqual((missing.orders, missing.again.version), ([], 4))

    def test_what_the_program_is_at_is_not_given_twice(self) -> None:
        recorded = Recorded()
        recorded.hear(event("pause", 4, PAUSED))
        for registered in (True, False):
            found = recorded.find(state(4, PAUSED), registered=registered, at_work=True)
            self.assertEqual(found, Found())
        # Behind it the screen is to be as it was said to be: but that is going to change.
        recorded = Recorded()
        recorded.do(event("start", 3, ENABLED))
        recorded.hear(event("pause", 4, PAUSED))
        [order] = recorded.find(state(5, ENABLED), registered=False, at_work=True).orders
        self.assertIs(order.screen, CaptureState.ENABLED)

    def test_where_nothing_is_desired_the_program_says_what_is_so(self) -> None:
        recorded = Recorded()
        [question] = recorded.find(state(0, None)).orders
        self.assertIsNone(question.screen)
        recorded.known.take_answer(question, CaptureState.DISABLED)
        for snapshot in (state(0, None), state(0, None, epoch=2)):
            found = recorded.find(snapshot)
            assert found.again is not None
            self.assertEqual((found.orders, found.again.version), ([], 0))
        self.assertEqual(recorded.find(state(0, None), registered=False), Found())
        # Of long ago: the broker remembers only how far it was.
        recorded = Recorded()
        [question] = recorded.find(state(7, None)).orders
        recorded.known.take_answer(question, CaptureState.DISABLED)
        self.assertIsNotNone(recorded.find(state(7, None)).again)
        # The broker has forgotten an order that the program was at: who knows what is so?
        recorded.hear(event("start", 8, ENABLED))
        [question] = recorded.find(state(0, None, epoch=2)).orders
        self.assertIsNone(question.screen)

    def test_a_snapshot_older_than_what_was_heard_since_changes_nothing(self) -> None:
        recorded = Recorded()
        recorded.hear(event("pause", 8, PAUSED))
        self.assertEqual(recorded.find(state(7, ENABLED)), Found())
        self.assertEqual(recorded.known.version, 8)


class Answers(unittest.TestCase):
    def test_a_late_answer_does_not_count_behind_that_of_a_newer_order(self) -> None:
        recorded = Recorded()
        start = recorded.hear(event("start", 1, ENABLED))
        pause = recorded.hear(event("pause", 2, PAUSED))
        assert start is not None and pause is not None
        self.assertTrue(recorded.known.take_answer(start, CaptureState.ENABLED))
        self.assertTrue(recorded.known.take_answer(pause, CaptureState.PAUSED))
        self.assertFalse(recorded.known.take_answer(start, CaptureState.ENABLED))
        self.assertIs(recorded.known.said, CaptureState.PAUSED)

    def test_a_failure_leaves_what_is_so(self) -> None:
        recorded = Recorded()
        recorded.do(event("start", 1, ENABLED))
        recorded.do(event("pause", 2, PAUSED), Failure(1))
        self.assertIs(recorded.known.said, CaptureState.ENABLED)
        recorded.do(event("pause", 3, PAUSED), Failure(1, "", CaptureState.DISABLED))
        self.assertIs(recorded.known.said, CaptureState.DISABLED)
        self.assertEqual(recorded.known.answered, 1)
        # What is as it is to be is done, whatever else is wrong.
        recorded.do(event("pause", 4, PAUSED), Failure(1, "", CaptureState.PAUSED))
        self.assertEqual((recorded.known.said, recorded.known.answered), (CaptureState.PAUSED, 4))

    def test_an_answer_of_an_older_epoch_counts_until_one_of_the_newer(self) -> None:
        recorded = Recorded()
        old = recorded.hear(event("start", 9, ENABLED))
        new = recorded.hear(event("pause", 1, PAUSED, epoch=2))
        assert old is not None and new is not None
        self.assertTrue(recorded.known.take_answer(old, CaptureState.ENABLED))
        self.assertEqual(recorded.known.answered, 0)
        self.assertTrue(recorded.known.take_answer(new, CaptureState.PAUSED))
        self.assertFalse(recorded.known.take_answer(old, CaptureState.ENABLED))

    def test_what_was_said_is_kept_until_the_dn_is_left(self) -> None:
        screens = Screens()
        self.assertIsNone(screens.state("7001"))
        screens.known("7001").take_word(CaptureState.PAUSED)
        self.assertIs(screens.state("7001"), CaptureState.PAUSED)
        screens.forget("7001")
        screens.forget("7001")
        self.assertIsNone(screens.state("7001"))


def order(version: int, screen: CaptureState | None, call: int = 0) -> Order:
    verb = Verb.QUERY if screen is None else Verb.START
    return Order("7001", screen, verb, connection_id=call, version=version)


def take_all(waiting: Waiting) -> list[tuple[int, CaptureState | None, int]]:
    taken = []
    while (one := waiting.take()) is not None:
        taken.append((one.version, one.screen, one.connection_id))
    return taken


class WhatWaits(unittest.TestCase):
    def test_of_one_screen_the_newest_order_waits_before_all_queries(self) -> None:
        waiting = Waiting(per_call=False)
        waiting.put(order(0, None, 1))
        waiting.put(order(1, CaptureState.ENABLED, 0x71))
        waiting.put(order(0, None, 2))
        waiting.put(order(2, CaptureState.PAUSED, 0x72))
        self.assertEqual((len(waiting), waiting.has_orders), (3, True))
        self.assertEqual(
            take_all(waiting), [(2, CaptureState.PAUSED, 0x72), (0, None, 1), (0, None, 2)]
        )
        self.assertEqual((len(waiting), waiting.has_orders), (0, False))

    def test_queries_are_bounded_and_the_newest_stay(self) -> None:
        waiting = Waiting(per_call=False)
        for number in range(1000):
            waiting.put(order(0, None, number))
        self.assertEqual(len(waiting), QUERIES_MAX)
        self.assertEqual(take_all(waiting)[-1], (0, None, 999))

    def test_of_calls_apart_the_newest_order_of_each_waits(self) -> None:
        waiting = Waiting(per_call=True)
        waiting.put(order(1, CaptureState.ENABLED, 0x71))
        waiting.put(order(2, CaptureState.ENABLED, 0x72))
        waiting.put(order(3, CaptureState.DISABLED, 0x71))
        self.assertEqual(
            take_all(waiting),
            [(2, CaptureState.ENABLED, 0x72), (3, CaptureState.DISABLED, 0x71)],
        )

    def test_no_call_is_recorded_behind_whose_order_a_pause_waits(self) -> None:
        waiting = Waiting(per_call=True)
        waiting.put(order(1, CaptureState.ENABLED, 0x71))
        waiting.put(order(2, CaptureState.PAUSED, 0x72))
        waiting.put(order(3, CaptureState.ENABLED, 0))
        self.assertEqual(
            take_all(waiting),
            [
                (1, CaptureState.PAUSED, 0x71),
                (2, CaptureState.PAUSED, 0x72),
                (3, CaptureState.ENABLED, 0),
            ],
        )

    def test_the_calls_that_wait_are_bounded(self) -> None:
        waiting = Waiting(per_call=True)
        for number in range(1, 1000):
            waiting.put(order(number, CaptureState.ENABLED, number))
        self.assertEqual(len(waiting), CALLS_MAX)
        self.assertEqual(take_all(waiting)[-1], (999, CaptureState.ENABLED, 999))


class CallsApart(unittest.TestCase):
    def test_a_stop_is_of_its_call_and_a_pause_of_all(self) -> None:
        recorded = Recorded(per_call=True)
        cases = [
            (event("stop", 1, ENABLED, call=0x71), CaptureState.DISABLED),
            (event("stop", 2, ENABLED), CaptureState.ENABLED),
            (event("pause", 3, PAUSED, call=0x72), CaptureState.PAUSED),
        ]
        for one, screen in cases:
            heard = recorded.hear(one)
            assert heard is not None
            self.assertIs(heard.screen, screen)

    def test_each_call_that_wants_it_is_recorded_by_one_who_comes(self) -> None:
        calls = [
            v1.Call(connection_id=0x71, wants_recording=True),
            v1.Call(connection_id=0x72),
            v1.Call(connection_id=0x73, wants_recording=True),
        ]
        recorded = Recorded(per_call=True)
        found = recorded.find(state(4, ENABLED, calls=calls))
        self.assertEqual([one.connection_id for one in found.orders], [0x71, 0x73])
        for one in found.orders:
            recorded.known.take_answer(one, CaptureState.ENABLED)
        self.assertEqual(len(recorded.find(state(4, ENABLED, calls=calls)).orders), 2)
        for desired in (PAUSED, DISABLED):
            [one] = Recorded(per_call=True).find(state(4, desired, calls=calls)).orders
            self.assertEqual((one.connection_id, one.screen), (0, CaptureState.of(desired)))


class Honest(unittest.TestCase):
    """A broker that loses events, breaks links and restarts, and a program that does what it is
    told, sometimes late, sometimes not."""

    def test_it_ends_as_desired_and_records_only_what_was(self) -> None:
        chance = random.Random(SEED)
        for _ in range(2000):
            self.play(chance)

    def play(self, chance: random.Random) -> None:
        recorded, waiting = Recorded(), Waiting(per_call=False)
        history: dict[tuple[int, int], v1.CaptureState] = {}
        later: list[Order] = []
        epoch, version, desired = 1, 0, None
        stale = state(0, None)

        def look(snapshot: v1.Snapshot, registered: bool) -> None:
            found = recorded.find(
                snapshot, registered=registered, at_work=waiting.has_orders
            )
            for one in found.orders:
                waiting.put(one)
            said = recorded.known.said
            if found.again is not None and said is not None:
                self.assertIs(said, found.again.screen or said)
                recorded.known.take_answer(found.again, said)

        def work(honest: bool) -> None:
            while (one := waiting.take()) is not None:
                self.check(one, history)
                dice = 0.0 if honest else chance.random()
                if dice < 0.6:
                    so = one.screen or recorded.known.said or CaptureState.DISABLED
                    recorded.known.take_answer(one, so)
                elif dice < 0.75:
                    recorded.known.take_answer(one, Failure(1))
                else:
                    later.append(one)

        for _ in range(chance.randrange(1, 25)):
            dice = chance.random()
            if dice < 0.5:
                version, desired = version + 1, chance.choice(list(VERBS))
                history[epoch, version] = desired
                if chance.random() < 0.7:
                    heard = recorded.hear(event(VERBS[desired], version, desired, epoch=epoch))
                    if heard is not None:
                        waiting.put(heard)
            elif dice < 0.6:
                look(stale, registered=False)
            elif dice < 0.7:
                look(state(version, desired, epoch=epoch), registered=False)
            elif dice < 0.8:
                waiting = Waiting(per_call=False)  # a new link: what was not done is lost
                look(state(version, desired, epoch=epoch), registered=True)
            elif dice < 0.85:
                epoch, version, desired = epoch + 1, 0, None
                waiting = Waiting(per_call=False)
                look(state(0, None, epoch=epoch), registered=True)
            elif dice < 0.95:
                work(honest=False)
            elif later:
                late = later.pop(chance.randrange(len(later)))
                recorded.known.take_answer(late, late.screen or CaptureState.DISABLED)
            if chance.random() < 0.3:
                stale = state(version, desired, epoch=epoch)
        waiting = Waiting(per_call=False)
        look(state(version, desired, epoch=epoch), registered=True)
        work(honest=True)
        if desired is not None:
            self.assertIs(recorded.known.said, CaptureState.of(desired))

    def check(self, one: Order, history: dict[tuple[int, int], v1.CaptureState]) -> None:
        if one.screen is not None:
            self.assertIs(one.screen, CaptureState.of(history[one.epoch, one.version]))


if __name__ == "__main__":
    unittest.main()
