"""What the recorder's own part does with ffmpeg, without a broker."""
from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final
from unittest import mock

import frames
from harness import PATIENCE_S, AsyncTest, until
from ringdown import CaptureState
from processes import children_of, is_over
from screen import Screen
from segment import Failed, Segment, Source
from stage import Stage

ROUNDS: Final = 5


class OneScreen(AsyncTest):
    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        asyncio.get_running_loop().slow_callback_duration = PATIENCE_S  # X waits, and others work
        self.stack = AsyncExitStack()
        self.stage = await self.stack.enter_async_context(Stage())
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.source = Source(self.stage.display, frames_per_s=12, first_frame_within_s=PATIENCE_S)
        self.failures: list[tuple[str, Failed]] = []

    async def asyncTearDown(self) -> None:
        await self.stack.aclose()
        await super().asyncTearDown()

    def screen(self, source: Source, dn: str = "7001") -> Screen:
        screen = Screen(dn, source, self.folder, lambda dn, why: self.failures.append((dn, why)))
        self.stack.push_async_callback(screen.be, CaptureState.DISABLED)
        return screen

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.ts"))

    def ffmpeg(self) -> int:
        """The one that runs."""
        [one] = [child for child in children_of(os.getpid()) if child != self.stage.server_pid]
        return one

    # ---- what is so -------------------------------------------------------------------------

    async def test_when_it_says_that_it_records_a_frame_is_in_the_file(self) -> None:
        screen = self.screen(self.source)
        await screen.be(CaptureState.ENABLED)
        [file] = self.files()
        now = Path(shutil.copy(file, self.folder / "now"))  # more frames come meanwhile
        self.assertGreater(frames.look_at([now]).total, 0)

    async def test_when_it_says_that_it_is_paused_no_ffmpeg_runs_and_the_file_is_done(self) -> None:
        screen = self.screen(self.source)
        took_ms = []
        for round in range(ROUNDS):
            await screen.be(CaptureState.ENABLED)
            ffmpeg = self.ffmpeg()
            began = time.monotonic()
            await screen.be(CaptureState.PAUSED)
            took_ms.append(round_ms(began))
            self.assertTrue(is_over(ffmpeg))
            self.assertEqual(len(self.files()), round + 1)
        print(f"{self.id()}: from pause to closed and synced: {sorted(took_ms)} ms", flush=True)
        self.assertIs(screen.state, CaptureState.PAUSED)

    async def test_to_go_on_recording_makes_no_new_file(self) -> None:
        screen = self.screen(self.source)
        await screen.be(CaptureState.ENABLED)
        await screen.be(CaptureState.ENABLED)
        self.assertEqual(len(self.files()), 1)

    async def test_one_that_records_nothing_is_paused_and_stopped_at_once(self) -> None:
        screen = self.screen(self.source)
        for wanted in (CaptureState.PAUSED, CaptureState.DISABLED):
            await screen.be(wanted)
            self.assertIs(screen.state, wanted)
        self.assertEqual(self.files(), [])

    async def test_a_screen_whose_ffmpeg_hangs_does_not_hold_up_another(self) -> None:
        one = self.screen(replace(self.source, close_within_s=PATIENCE_S), "7001")
        await one.be(CaptureState.ENABLED)
        hung = self.ffmpeg()
        os.kill(hung, signal.SIGSTOP)
        pausing = asyncio.create_task(one.be(CaptureState.PAUSED))
        other = self.screen(self.source, "7002")
        await other.be(CaptureState.ENABLED)
        await other.be(CaptureState.PAUSED)
        self.assertFalse(pausing.done())
        os.kill(hung, signal.SIGCONT)
        await pausing

    # ---- what goes wrong --------------------------------------------------------------------

    async def test_a_death_is_told_before_the_order_that_waited_for_it_is_done(self) -> None:
        said = []

        async def say(what: str) -> None:
            said.append(what)

        sayings = []

        def on_failure(dn: str, why: Failed) -> None:  # as the recorder does: by a task
            sayings.append(asyncio.create_task(say("failed")))

        screen = Screen("7001", self.source, self.folder, on_failure)
        self.stack.push_async_callback(screen.be, CaptureState.DISABLED)
        await screen.be(CaptureState.ENABLED)
        closing, may_close, close = asyncio.Event(), asyncio.Event(), Segment.close

        async def close_slowly(segment: Segment) -> None:
            closing.set()
            await may_close.wait()
            await close(segment)

        async def pause() -> None:
            await screen.be(CaptureState.PAUSED)
            said.append("paused")

        with mock.patch.object(Segment, "close", close_slowly):
            os.kill(self.ffmpeg(), signal.SIGKILL)
            await closing.wait()
            pausing = asyncio.create_task(pause())
            await asyncio.sleep(0)
            may_close.set()
            await pausing
            await asyncio.gather(*sayings)
        self.assertEqual(said, ["failed", "paused"])

    async def test_a_display_that_is_not_there_is_told_in_ffmpegs_own_words(self) -> None:
        await self.fails_to_start(replace(self.source, display=":99999"), Failed.NO_START, ":99999")

    async def test_a_folder_that_is_not_there_is_told(self) -> None:
        self.folder = self.folder / ("a long way to " * 10) / "nowhere"
        await self.fails_to_start(self.source, Failed.NO_START, "No such file or directory")

    async def test_an_ffmpeg_that_is_not_installed_is_told(self) -> None:
        source = replace(self.source, program="no-such-ffmpeg")
        await self.fails_to_start(source, Failed.NO_START, "no-such-ffmpeg")

    async def test_an_ffmpeg_that_makes_no_frame_in_time_is_ended_and_told(self) -> None:
        source = replace(self.source, first_frame_within_s=0)
        await self.fails_to_start(source, Failed.NO_FRAME, "no frame within 0 s")

    async def fails_to_start(self, source: Source, code: int, text: str) -> None:
        screen = self.screen(source)
        for before in (CaptureState.DISABLED, CaptureState.PAUSED):
            await screen.be(before)
            with self.assertRaises(Failed) as told:
                await screen.be(CaptureState.ENABLED)
            self.assertEqual(told.exception.code, code)
            self.assertIn(text, told.exception.text)
            self.assertIs(screen.state, before)
            self.assertEqual(children_of(os.getpid()), [self.stage.server_pid])

    async def test_a_killed_ffmpeg_is_told_and_leaves_all_that_it_recorded(self) -> None:
        screen = self.screen(self.source)
        await screen.be(CaptureState.ENABLED)
        os.kill(self.ffmpeg(), signal.SIGKILL)
        await until("the failure is told", lambda: bool(self.failures))
        self.assertEqual([(dn, why.code) for dn, why in self.failures], [("7001", Failed.DIED)])
        self.assertIs(screen.state, CaptureState.DISABLED)
        self.assertGreater(frames.look_at(self.files()).total, 0)

    async def test_a_display_that_goes_away_is_told(self) -> None:
        screen = self.screen(self.source)
        await screen.be(CaptureState.ENABLED)
        await self.stage.end()
        await until("the failure is told", lambda: bool(self.failures))
        self.assertEqual([(dn, why.code) for dn, why in self.failures], [("7001", Failed.DIED)])
        self.assertIs(screen.state, CaptureState.DISABLED)

    async def test_an_ffmpeg_that_makes_no_frames_any_more_is_ended_and_told(self) -> None:
        screen = self.screen(replace(self.source, no_frame_for_s=1, close_within_s=0.1))
        await screen.be(CaptureState.ENABLED)
        ffmpeg = self.ffmpeg()
        os.kill(ffmpeg, signal.SIGSTOP)
        await until("the failure is told", lambda: bool(self.failures))
        self.assertEqual([(dn, why.code) for dn, why in self.failures], [("7001", Failed.NO_FRAME)])
        self.assertIs(screen.state, CaptureState.DISABLED)
        self.assertTrue(is_over(ffmpeg))

    async def test_a_disk_that_complains_is_told_and_nothing_is_recorded_all_the_same(self) -> None:
        screen = self.screen(self.source)
        await screen.be(CaptureState.ENABLED)
        ffmpeg = self.ffmpeg()
        with mock.patch("segment._sync", side_effect=OSError(errno.EIO, "a bad disk")):
            with self.assertRaises(Failed) as told:
                await screen.be(CaptureState.PAUSED)
        self.assertEqual(told.exception.code, Failed.NO_SYNC)
        self.assertIn("a bad disk", told.exception.text)
        self.assertIs(screen.state, CaptureState.PAUSED)
        self.assertTrue(is_over(ffmpeg))

    async def test_while_ffmpeg_does_not_end_it_is_not_called_paused(self) -> None:
        screen = self.screen(replace(self.source, close_within_s=0))
        await screen.be(CaptureState.ENABLED)
        with mock.patch("segment.KILL_WITHIN_S", 0):
            with self.assertRaises(Failed) as told:
                await screen.be(CaptureState.PAUSED)
        self.assertEqual(told.exception.code, Failed.NO_END)
        self.assertIs(screen.state, CaptureState.ENABLED)
        await screen.be(CaptureState.PAUSED)
        self.assertIs(screen.state, CaptureState.PAUSED)

    async def test_a_pause_that_is_asked_for_is_no_failure(self) -> None:
        screen = self.screen(self.source)
        await screen.be(CaptureState.ENABLED)
        os.kill(self.ffmpeg(), signal.SIGKILL)
        await screen.be(CaptureState.PAUSED)
        self.assertIs(screen.state, CaptureState.PAUSED)


def round_ms(began: float) -> int:
    return round(1000 * (time.monotonic() - began))
