"""`ringdown check-recorder` against recorders that do not do their duties: each of them fails the
one step that is about it, for its own reason."""
from __future__ import annotations

import asyncio
import unittest

from checked_recorder import BEFORE_ASKED, ASKED, FOR_ALL, PATIENT, SHORT, CheckedRecorder
from ringdown import CaptureState, v1
from vendor import Habits


class FaultyRecorder(CheckedRecorder):
    async def test_a_refusal_has_a_reason_and_is_told_at_once(self) -> None:
        good, mute, able = await asyncio.gather(
            self.of_tool((*PATIENT, "--refuses=pause"), "--misbehave=fail pause"),
            self.of_tool((*SHORT, "--refuses=pause"), "--misbehave=ignore pause"),
            self.of_tool((*SHORT, "--refuses=pause")),
        )
        self.passes(good, ["registers", "says", "refusal"])
        first = ["registers", "says"]
        # Half-way the broker asks, and the answer is no refusal.
        self.assertEqual(mute.which("pass"), first, mute.out)
        self.assertEqual(mute.which("fail"), ["refusal"], mute.out)
        self.assertIn(
            mute.steps["refusal"]["why"],
            (f"it said nothing {BEFORE_ASKED}", "it said `enabled`, not `failed`"),
        )
        self.fails(able, "refusal", "it said `paused`, not `failed`", first)

    async def test_who_ignores_an_order_fails_its_step(self) -> None:
        start, pause, resume, stop = await asyncio.gather(
            *(
                self.of_tool(SHORT, f"--misbehave=ignore {verb}")
                for verb in ("start", "pause", "resume", "stop")
            )
        )
        first = ["registers", "says", "heartbeats"]
        self.fails(start, "start", f"it said `disabled` and not `enabled` {ASKED}", first)
        self.fails(
            pause,
            "pause",
            f"it said `enabled` and not `paused` or `disabled` {ASKED}",
            [*first, "start", "query", "stop"],
        )
        self.fails(
            resume,
            "resume",
            f"it said `paused` and not `enabled` {ASKED}",
            [*first, "start", "pause", "query", "stop"],
        )
        self.fails(
            stop,
            "stop",
            f"it said `enabled` and not `disabled` {ASKED}",
            [*first, "start", "pause", "resume", "query"],
        )

    async def test_who_fails_is_too_slow_or_dies_fails_its_step(self) -> None:
        failing, late, dying, silent = await asyncio.gather(
            self.of_tool(SHORT, "--misbehave=fail pause"),
            self.of_tool(SHORT, "--misbehave=confirm after 8s"),
            self.of_tool(SHORT, "--misbehave=crash on pause"),
            self.of_tool(SHORT, "--misbehave=stop answering heartbeats"),
        )
        first = ["registers", "says", "heartbeats"]
        self.fails(
            failing,
            "pause",
            "it said `failed`: 1 --misbehave says so",
            [*first, "start", "query", "stop"],
        )
        # Half-way it is asked, and says what is so yet.
        why = f"it said `disabled` and not `enabled` {ASKED}"
        self.fails(late, "start", why, first)
        self.fails(dying, "pause", "its link ended", [*first, "start"])
        self.assertEqual(dying.steps["query"]["why"], "the recorder is not there")
        self.assertEqual(silent.which("fail"), ["says", "heartbeats"], silent.out)
        self.assertEqual(silent.steps["heartbeats"]["why"], "its link ended")
        self.assertEqual(silent.which("pass"), ["registers"], silent.out)

    async def test_who_registers_wrongly_fails_at_once(self) -> None:
        standby, desktop, nobody = await asyncio.gather(
            self.of_vendor(Habits(standby=True), *SHORT),
            self.of_vendor(Habits(role=v1.ROLE_DESKTOP), *SHORT),
            self.of_vendor(Habits(), *SHORT[:2], "--wait=3", dn="7002"),
        )
        self.fails(standby, "registers", "it registered as standby", [])
        why = "it signed on as desktop, not as recorder"
        self.fails(desktop, "registers", why, [])
        self.fails(nobody, "registers", "it did not register within 3000 ms", [])

    async def test_who_records_unasked_fails_where_it_does(self) -> None:
        at_first, later, back = await asyncio.gather(
            self.of_vendor(Habits(first_word=CaptureState.ENABLED), *SHORT),
            self.of_vendor(Habits(resumes_after_s=6), SHORT[0], "--watch=8"),
            self.of_vendor(Habits(records_without_link=True), *SHORT),
        )
        wanted = "`paused` or `disabled`"
        self.fails(
            at_first,
            "says",
            f"it said `enabled`, not {wanted}",
            [step for step in FOR_ALL if step != "says"],
        )
        self.fails(
            later,
            "drift",
            "it said `enabled` unasked",
            [step for step in FOR_ALL if step != "drift"],
        )
        self.assertEqual(back.which("fail"), ["cut", "restart"], back.out)
        for step in ("cut", "restart"):
            self.assertEqual(back.steps[step]["why"], f"it said `enabled`, not {wanted}")

    async def test_who_keeps_a_word_back_fails_where_it_is_owed(self) -> None:
        deaf, brief, gone = await asyncio.gather(
            self.of_vendor(Habits(answers_queries=False), *SHORT),
            self.of_vendor(Habits(repeats_itself=False), *SHORT),
            self.of_vendor(Habits(comes_back=False), *SHORT),
        )
        others = [step for step in FOR_ALL if step not in ("query", "late")]
        self.fails(deaf, "query", f"it said nothing {ASKED}", others)
        self.assertEqual(deaf.which("not played"), ["late"])
        self.fails(
            brief,
            "twice",
            f"it said nothing {BEFORE_ASKED}",
            [step for step in FOR_ALL if step != "twice"],
        )
        passed = FOR_ALL[: FOR_ALL.index("cut")]
        self.fails(gone, "cut", "it did not register within 15000 ms", passed)

    async def test_who_cannot_start_a_second_call_fails_where_it_is_let_go(self) -> None:
        found = await self.of_vendor(Habits(one_call=True), *SHORT)
        others = [step for step in FOR_ALL if step != "two calls"]
        self.fails(found, "two calls", "the held command ended failed", others)

    async def test_who_drops_orders_fails_where_many_or_late_ones_come(self) -> None:
        hasty, forgetful = await asyncio.gather(
            self.of_vendor(Habits(orders_at_once_max=12), *SHORT),
            self.of_vendor(Habits(drops_older_than_s=1), *SHORT),
        )
        for found, step in ((hasty, "burst"), (forgetful, "late")):
            others = [other for other in FOR_ALL if other != step]
            self.assertEqual(found.which("fail"), [step], found.out)
            self.assertEqual(found.which("pass"), others, found.out)

    async def test_who_calls_itself_exact_must_echo_versions(self) -> None:
        exact = [v1.CAPABILITY_EXACT_VERSIONS]
        found = await self.of_vendor(Habits(capabilities=exact), *SHORT)
        why = "it signed on with EXACT_VERSIONS and said `enabled` without the order's version"
        self.fails(found, "start", why, ["registers", "says", "heartbeats"])


if __name__ == "__main__":
    unittest.main()
