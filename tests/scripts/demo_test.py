"""scripts/demo.sh, with programs that only look like ours: how it ends, what a terminal shows."""

from __future__ import annotations

import os
import signal
import unittest

from stage import Stage

ESCAPE = "\x1b"


class Demo(unittest.TestCase):
    def stage(self, **settings: str) -> Stage:
        stage = Stage(**settings)
        self.addCleanup(stage.close)
        return stage

    def assert_ended(self, stage: Stage, status: int) -> None:
        self.assertEqual(stage.status(), status, stage.text())
        self.assertEqual(stage.alive(), [])
        self.assertNotIn("failed", stage.text())

    def test_ctrl_c_while_the_conversation_plays_ends_it_and_leaves_nothing_running(self) -> None:
        stage = self.stage(DESKTOP_HANGS="1")
        stage.start("demo.sh")
        stage.until("playing", (stage.folder / "desktop").exists)
        stage.interrupt()
        self.assert_ended(stage, 130)

    def test_a_signal_for_the_script_alone_does_not_wait_for_the_conversation(self) -> None:
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=number):
                stage = self.stage(DESKTOP_HANGS="1")
                stage.start("demo.sh")
                stage.until("playing", (stage.folder / "desktop").exists)
                os.kill(stage.process, number)
                self.assert_ended(stage, status)

    def test_ctrl_c_while_it_builds_ends_the_build_too(self) -> None:
        stage = self.stage(BUILD_HANGS="1")
        stage.start("demo.sh")
        stage.until("building", lambda: "cmake --build" in self.started(stage))
        stage.interrupt()
        self.assert_ended(stage, 130)

    def started(self, stage: Stage) -> str:
        file = stage.folder / "started"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def test_no_line_is_wider_than_the_terminal(self) -> None:
        for columns in (60, 80):
            with self.subTest(columns=columns):
                stage = self.stage(TERM="dumb")
                stage.start("demo.sh", columns)
                self.assert_ended(stage, 0)
                self.assertIn("recorders=one,two,three", stage.text())
                self.assertEqual([x for x in stage.text().split("\n") if len(x) > columns], [])

    def test_a_terminal_without_colours_gets_none(self) -> None:
        for settings in ({"TERM": "dumb"}, {"NO_COLOR": "1"}):
            with self.subTest(settings=settings):
                stage = self.stage(**settings)
                stage.start("demo.sh")
                self.assert_ended(stage, 0)
                self.assertNotIn(ESCAPE, stage.text())

    def test_a_terminal_with_colours_gets_them(self) -> None:
        stage = self.stage()
        stage.start("demo.sh")
        self.assert_ended(stage, 0)
        self.assertIn(f"{ESCAPE}[3", stage.text())


if __name__ == "__main__":
    unittest.main()
