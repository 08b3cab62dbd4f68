"""The words of screen capture, and what is looked at before it is sent."""
from __future__ import annotations

import unittest
from typing import Any, Callable

from ringdown import BrokerReason, CaptureState, DisconnectReason, Failure, Outcome, Verb, Verdict
from ringdown import capture_request, screen_capture, user_data, v1, values_of


class Words(unittest.TestCase):
    def test_a_request_says_its_word_and_for_whom(self) -> None:
        request = capture_request(
            "7001", Verb.PAUSE, connection_id=0x71, reason="card", agent_id="A-1017"
        )
        self.assertEqual((request.this_dn, request.event.this_dn), ("7001", "7001"))
        self.assertEqual((request.reason, request.agent_id), ("card", "A-1017"))
        self.assertEqual(request.event.connection_id, 0x71)
        self.assertIs(screen_capture(request.event), Verb.PAUSE)
        self.assertFalse(request.HasField("failure"))

    def test_a_failure_says_nothing_of_the_screen_or_what_is_so_all_the_same(self) -> None:
        for state, word in ((None, "failed"), (CaptureState.ENABLED, "enabled")):
            request = capture_request("7001", Failure(3, "The encoder is busy.", state))
            self.assertEqual(request.event.user_data.pairs[0].string_value, word)
            self.assertEqual(
                request.failure, v1.Failure(code=3, text="The encoder is busy.")
            )
        failed = v1.Event(user_data=user_data([("screen-capture", "failed")]))
        self.assertIsInstance(screen_capture(failed), Failure)

    def test_a_failure_is_told_whatever_its_text(self) -> None:
        text = "disk:\n\x9b" + "é" * 100 + "\ud800"
        said = capture_request("7001", Failure(0, text)).failure
        self.assertEqual(said.text, "disk:  " + "é" * 60)
        self.assertTrue(capture_request("7001", Failure()).HasField("failure"))

    def test_what_no_recorder_can_mean_is_refused(self) -> None:
        for code in (-1, 2**32):
            with self.assertRaisesRegex(ValueError, "code: .*accepted are 0 to 4294967295"):
                Failure(code)
        with self.assertRaisesRegex(ValueError, "state: UNKNOWN is the broker's"):
            Failure(state=CaptureState.UNKNOWN)

    def test_each_word_of_the_schema_has_a_name_here(self) -> None:
        self.expect_all_named(BrokerReason, v1.BrokerReason, "BROKER_REASON_")
        self.expect_all_named(DisconnectReason, v1.DisconnectReason, "DISCONNECT_REASON_")
        self.expect_all_named(Outcome, v1.Outcome, "OUTCOME_")
        self.expect_all_named(Verdict, v1.RecorderVerdict, "RECORDER_VERDICT_")

    def expect_all_named(self, ours: Any, theirs: Any, prefix: str) -> None:
        said = {name.removeprefix(prefix): number for name, number in theirs.items()}
        for name, number in said.items():
            if number:
                self.assertIs(ours.of(number), ours[name])
                self.assertEqual(ours[name].value, name.lower())
        for member in ours:  # nothing of our own making
            self.assertIn(member.name, said)

    def test_a_word_of_a_later_protocol_counts_as_not_said(self) -> None:
        self.assertIs(BrokerReason.of(250), BrokerReason.UNSPECIFIED)
        self.assertIs(DisconnectReason.of(250), DisconnectReason.UNSPECIFIED)
        self.assertIs(Outcome.of(250), Outcome.UNKNOWN)
        self.assertIs(Verdict.of(250), Verdict.UNSPECIFIED)

    def test_a_command_carries_what_the_program_adds(self) -> None:
        request = capture_request("7001", Verb.PAUSE, user_data=[("order", "4711"), ("n", 7)])
        pairs = values_of(request.event.user_data)
        self.assertEqual(pairs, [("screen-capture", "pause"), ("order", "4711"), ("n", 7)])
        with self.assertRaisesRegex(ValueError, "user_data: 'screen-capture' is what the word"):
            capture_request("7001", Verb.PAUSE, user_data=[("screen-capture", "stop")])

    def test_a_wrong_argument_is_named_with_what_is_accepted(self) -> None:
        pause = Verb.PAUSE
        wrong: dict[str, Callable[[], object]] = {
            "dn: an empty DN": lambda: capture_request("", pause),
            "dn: 256 bytes, accepted are at most 255": lambda: capture_request("é" * 128, pause),
            "dn: .* without control": lambda: capture_request("70\x8501", pause),
            "dn: .* is no UTF-8": lambda: capture_request("\ud800", pause),
            "connection_id: -1, accepted are 0": lambda: capture_request(
                "7001", pause, connection_id=-1
            ),
            "connection_id: 18446744073709551616": lambda: capture_request(
                "7001", pause, connection_id=2**64
            ),
            "reason: 65 bytes, accepted are at most 64": lambda: capture_request(
                "7001", pause, reason="x" * 65
            ),
            "reason: .* without control": lambda: capture_request("7001", pause, reason="a\tb"),
            "agent_id: 66 bytes": lambda: capture_request("7001", pause, agent_id="é" * 33),
            "reason, agent_id: only with a command": lambda: capture_request(
                "7001", CaptureState.PAUSED, reason="card"
            ),
        }
        for text, call in wrong.items():
            with self.subTest(text), self.assertRaisesRegex(ValueError, text):
                call()
        bytes_are_no_dn: str = b"7001"  # type: ignore[assignment]
        with self.assertRaisesRegex(TypeError, "dn: a str, not bytes"):
            capture_request(bytes_are_no_dn, pause)
        longest = capture_request("é" * 127 + "x", pause, reason="x" * 64, connection_id=2**64 - 1)
        self.assertEqual(len(longest.this_dn.encode()), 255)


if __name__ == "__main__":
    unittest.main()
