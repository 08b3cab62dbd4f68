"""When and where a client that has lost its broker tries again: pure."""
from __future__ import annotations

import unittest

from ringdown import DisconnectReason, LinkLost, NoAnswer, Reconnect, Refused, v1
from ringdown.reconnect import ReconnectPlan

LIMITS = Reconnect(
    first_max_s=0.5, delay_max_s=15.0, steady_after_s=10.0, retry_after_max_s=60.0
)


class WhenAndWhere(unittest.TestCase):
    def test_the_longest_wait_doubles_with_each_round_up_to_its_bound(self) -> None:
        plan = ReconnectPlan(1, LIMITS)
        waits = [plan.after_failure(100.0, 1.0) - 100.0 for _ in range(8)]
        self.assertEqual(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0])
        for _ in range(10_000):  # however often it has failed
            self.assertEqual(plan.after_failure(100.0, 1.0), 115.0)

    def test_the_wait_is_random_from_nothing_on(self) -> None:
        waits = [ReconnectPlan(1, LIMITS).after_failure(0.0, part) for part in (0.0, 0.5, 1.0)]
        self.assertEqual(waits, [0.0, 0.25, 0.5])

    def test_what_a_broker_asks_for_is_a_floor_under_the_jitter(self) -> None:
        waits = []
        for part in (0.0, 0.5, 1.0):  # three clients of one broker that drains
            plan = ReconnectPlan(1, LIMITS)
            plan.link_stands(-100.0)
            waits.append(plan.after_failure(0.0, part, 5.0))
        self.assertEqual(waits, [5.0, 5.25, 5.5])

    def test_what_a_broker_asks_for_is_cut(self) -> None:
        self.assertEqual(ReconnectPlan(1, LIMITS).after_failure(0.0, 0.0, 1e9), 60.0)
        self.assertEqual(ReconnectPlan(1, LIMITS).after_failure(0.0, 0.0, -1.0), 0.0)

    def test_places_are_tried_in_turn_and_count_as_one_round(self) -> None:
        plan = ReconnectPlan(3, LIMITS)
        tried, waits = [plan.place], []
        for _ in range(4):
            waits.append(plan.after_failure(0.0, 1.0))
            tried.append(plan.place)
        self.assertEqual(tried, [0, 1, 2, 0, 1])
        self.assertEqual(waits, [0.5, 0.5, 0.5, 1.0])

    def test_another_place_is_tried_while_one_wants_to_be_left_alone(self) -> None:
        plan = ReconnectPlan(2, LIMITS)
        self.assertEqual((plan.after_failure(0.0, 0.0, 30.0), plan.place), (0.0, 1))
        self.assertEqual((plan.after_failure(1.0, 0.0), plan.place), (1.0, 1))  # 0 is to wait
        self.assertEqual((plan.after_failure(2.0, 0.0, 50.0), plan.place), (30.0, 0))

    def test_a_link_that_stood_well_is_tried_again_at_its_own_place_first(self) -> None:
        plan = ReconnectPlan(2, LIMITS)
        plan.after_failure(0.0, 1.0)
        plan.link_stands(1.0)
        self.assertEqual((plan.after_failure(20.0, 1.0), plan.place), (20.5, 1))
        self.assertEqual((plan.after_failure(21.0, 1.0), plan.place), (21.5, 0))

    def test_a_broker_that_accepts_and_drops_is_backed_away_from(self) -> None:
        plan = ReconnectPlan(1, LIMITS)
        waits = []
        for at in range(4):
            plan.link_stands(float(at))
            waits.append(plan.after_failure(float(at), 1.0) - at)
        self.assertEqual(waits, [0.5, 1.0, 2.0, 4.0])

    def test_no_bound_is_below_nothing(self) -> None:
        for wrong in (-0.1, float("nan")):
            with self.assertRaisesRegex(ValueError, "delay_max_s: .*, accepted is 0 and above"):
                Reconnect(delay_max_s=wrong)


class GivenUp(unittest.TestCase):
    def test_after_a_takeover_and_a_refused_sign_on_and_nothing_else(self) -> None:
        for reason in DisconnectReason:
            last = reason in (DisconnectReason.TAKEN_OVER, DisconnectReason.SIGN_ON_REFUSED)
            self.assertEqual(LIMITS.gives_up(LinkLost("", reason=reason)), last, reason)
        for retry_class in (v1.RETRY_CLASS_OVERLOADED, v1.RETRY_CLASS_DISCONNECTED):
            busy = Refused(v1.EventError(error_code=1186, retry_class=retry_class))
            self.assertFalse(LIMITS.gives_up(busy))
        refused = Refused(v1.EventError(error_code=119, retry_class=v1.RETRY_CLASS_FAILED))
        self.assertTrue(LIMITS.gives_up(refused))
        self.assertFalse(Reconnect(when_refused=True).gives_up(refused))
        self.assertFalse(LIMITS.gives_up(NoAnswer("")))


class WhatAnErrorMeans(unittest.TestCase):
    def test_it_tells_whether_the_request_may_have_had_its_effect(self) -> None:
        error = v1.EventError(error_code=41, retry_class=v1.RETRY_CLASS_FAILED)
        fault = v1.EventError(error_code=57, retry_class=v1.RETRY_CLASS_UNKNOWN_OUTCOME)
        self.assertFalse(Refused(error).outcome_unknown)
        self.assertTrue(Refused(error, sent_before=True).outcome_unknown)
        self.assertTrue(Refused(fault).outcome_unknown)
        self.assertTrue(NoAnswer("").outcome_unknown)
        self.assertFalse(LinkLost("").outcome_unknown)
        self.assertTrue(LinkLost("").of_request(sent=True).outcome_unknown)


if __name__ == "__main__":
    unittest.main()
