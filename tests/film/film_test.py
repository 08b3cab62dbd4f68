"""The film as witness. An agent's desktop shows a card number only while its light says PAUSED. A
real recorder films the display through everything that may happen meanwhile. Then every frame of
its film is looked at, and none has the card, though a second camera, which knows of no pause, has
it."""
from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import AsyncIterator

import frames
from harness import PATIENCE_S, AsyncTest, until
from processes import is_over
from ringdown import Light, Outcome, Verdict
from scene import BLIND_DN, CALL, FRAMES_UP, OTHER_CALL, Scene, camera_film, recorder_films
from scene import scene
from segment import Failed


class Film(AsyncTest):
    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        asyncio.get_running_loop().slow_callback_duration = PATIENCE_S  # X waits, and others work

    @asynccontextmanager
    async def scene(self, files_min: int, card_is_filmed: bool = False) -> AsyncIterator[Scene]:
        """Plays what is in the `async with`, then looks at all films. `files_min`: so often at
        least a recording has begun."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            async with scene(folder) as it:
                yield it
                self.assertEqual(await it.recorder.stop(), 0, it.recorder.out)
            films = recorder_films(folder)
            recorded = await asyncio.to_thread(frames.look_at, films)
            seen = await asyncio.to_thread(frames.look_at, [camera_film(folder)])
            told = f"the recorder's {len(films)} files: {recorded}, the camera's: {seen}"
            print(f"{self.id()}: {told}", flush=True)
            self.assertGreaterEqual(len(films), files_min, it.recorder.out)
            self.assertGreater(recorded.total, 0, told)
            self.assertGreater(seen.with_card, 0, told)
            if card_is_filmed:
                self.assertGreater(recorded.with_card, 0, told)
            else:
                self.assertEqual(recorded.with_card, 0, told)

    # ---- that this can fail -----------------------------------------------------------------

    async def test_a_card_that_is_shown_without_a_pause_is_in_the_film(self) -> None:
        async with self.scene(files_min=1, card_is_filmed=True) as it:
            await it.start()
            it.stage.show_card()
            await it.camera.sees(FRAMES_UP)
            it.stage.hide_card()

    # ---- calls ------------------------------------------------------------------------------

    async def test_a_card_that_is_read_out_during_a_pause_is_not_in_the_film(self) -> None:
        async with self.scene(files_min=3) as it:
            await it.start()
            for _ in range(2):
                await it.pause()
                await it.read_out_card()
                await it.resume()

    async def test_another_calls_automatic_start_does_not_end_a_pause(self) -> None:
        async with self.scene(files_min=2) as it:
            telephony = await it.telephony()
            await it.start()
            await it.pause()
            it.agent.show_card()
            held = await telephony.outcome(await telephony.start(connection_id=OTHER_CALL))
            self.assertIs(held.outcome, Outcome.HELD)
            await it.camera.sees(FRAMES_UP)
            it.agent.hide_card()
            await it.resume()

    async def test_another_calls_automatic_stop_does_not_end_a_pause(self) -> None:
        async with self.scene(files_min=2) as it:
            telephony = await it.telephony()
            await it.start()
            await telephony.start(connection_id=OTHER_CALL)
            await it.pause()
            it.agent.show_card()
            await it.camera.sees(FRAMES_UP)
            await telephony.outcome(await telephony.stop(connection_id=OTHER_CALL))
            await it.agent.sees(Light.OFF)  # a `stop` stops the screen; the pause stands
            held = await telephony.outcome(await telephony.start(connection_id=OTHER_CALL))
            self.assertIs(held.outcome, Outcome.HELD)
            await it.resume(CALL)

    async def test_the_end_of_a_paused_consult_call_resumes_the_first_call(self) -> None:
        async with self.scene(files_min=2) as it:
            switch = await it.call_source()
            await it.start()
            await it.start(OTHER_CALL)
            await it.pause(OTHER_CALL)
            await it.read_out_card()
            await switch.end(OTHER_CALL)
            await it.is_recorded()

    async def test_the_end_of_a_consult_call_does_not_end_the_first_calls_pause(self) -> None:
        async with self.scene(files_min=2) as it:
            switch = await it.call_source()
            await it.start()
            await it.start(OTHER_CALL)
            await it.pause(CALL)
            it.agent.show_card()
            await switch.end(OTHER_CALL)
            await it.camera.sees(FRAMES_UP)
            it.agent.hide_card()
            await it.resume(CALL)

    # ---- links ------------------------------------------------------------------------------

    async def test_a_desktop_that_loses_its_link_takes_the_card_away(self) -> None:
        async with self.scene(files_min=2) as it:
            await it.start()
            await it.pause()
            it.agent.show_card()
            await it.camera.sees(FRAMES_UP)
            it.agents_link.cut()
            await it.agent.sees(Light.UNKNOWN)
            self.assertFalse(it.stage.card_is_up)
            it.agents_link.mend()
            await it.agent.sees(Light.PAUSED)
            await it.read_out_card()
            await it.resume()

    async def test_a_recorder_that_loses_its_link_stays_paused(self) -> None:
        async with self.scene(files_min=2) as it:
            await it.start()
            await it.pause()
            it.agent.show_card()
            await it.camera.sees(FRAMES_UP)
            it.recorders_link.cut()
            await it.agent.sees(Light.UNKNOWN)
            self.assertFalse(it.stage.card_is_up)
            it.recorders_link.mend()
            await it.agent.sees(Light.PAUSED)
            await it.read_out_card()
            await it.resume()

    async def test_a_recorder_that_loses_its_link_stops_until_it_is_told_to_go_on(self) -> None:
        async with self.scene(files_min=3) as it:
            await it.start()
            ffmpeg = await it.ffmpeg()
            it.recorders_link.cut()
            await it.agent.sees(Light.UNKNOWN)
            await until("ffmpeg has ended", lambda: is_over(ffmpeg))
            it.recorders_link.mend()
            await it.is_recorded()
            await it.pause()
            await it.read_out_card()
            await it.resume()

    async def test_a_pause_that_comes_while_the_recorder_is_away_waits_for_it(self) -> None:
        async with self.scene(files_min=2) as it:
            await it.start()
            it.recorders_link.cut()
            await it.agent.sees(Light.UNKNOWN)
            await (await it.agent.desktop()).pause(connection_id=CALL)
            it.recorders_link.mend()
            await it.agent.sees(Light.PAUSED)
            await it.read_out_card()
            await it.resume()

    # ---- deaths -----------------------------------------------------------------------------

    async def test_a_recorder_that_is_killed_while_paused_comes_back_paused(self) -> None:
        async with self.scene(files_min=2) as it:
            await it.start()
            await it.pause()
            it.agent.show_card()
            await it.camera.sees(FRAMES_UP)
            it.recorder.signal(signal.SIGKILL)
            await it.agent.sees(Light.UNKNOWN)
            self.assertFalse(it.stage.card_is_up)
            await it.restart_recorder()
            await it.agent.sees(Light.PAUSED)
            await it.read_out_card()
            await it.resume()

    async def test_a_recorder_that_is_killed_takes_its_ffmpeg_along(self) -> None:
        async with self.scene(files_min=3) as it:
            await it.start()
            ffmpeg = await it.ffmpeg()
            it.recorder.signal(signal.SIGKILL)
            await it.agent.sees(Light.UNKNOWN)
            await until("ffmpeg has ended", lambda: is_over(ffmpeg))
            await it.restart_recorder()
            await it.is_recorded()
            await it.pause()
            await it.read_out_card()
            await it.resume()

    async def test_a_broker_that_is_killed_during_a_pause_comes_back_paused(self) -> None:
        async with self.scene(files_min=2) as it:
            await it.start()
            await it.pause()
            it.agent.show_card()
            await it.camera.sees(FRAMES_UP)
            it.broker.signal(signal.SIGKILL)
            await it.agent.sees(Light.UNKNOWN)
            self.assertFalse(it.stage.card_is_up)
            await it.restart_broker()
            await it.agent.sees(Light.PAUSED)
            await it.read_out_card()
            await it.resume()

    async def test_a_recording_goes_on_under_the_next_broker(self) -> None:
        async with self.scene(files_min=3) as it:
            await it.start()
            it.broker.signal(signal.SIGKILL)
            await it.agent.sees(Light.UNKNOWN)
            await it.restart_broker()
            await it.is_recorded()
            await it.pause()
            await it.read_out_card()
            await it.resume()

    async def test_a_pause_that_meets_the_death_of_ffmpeg_stands(self) -> None:
        async with self.scene(files_min=2) as it:
            await it.start()
            os.kill(await it.ffmpeg(), signal.SIGKILL)
            await it.pause()
            await it.read_out_card()
            await it.resume()

    async def test_a_pause_waits_for_an_ffmpeg_that_hangs(self) -> None:
        async with self.scene(files_min=2) as it:
            await it.start()
            ffmpeg = await it.ffmpeg()
            os.kill(ffmpeg, signal.SIGSTOP)
            await it.pause()
            self.assertTrue(is_over(ffmpeg))
            await it.read_out_card()
            await it.resume()

    async def test_a_death_of_ffmpeg_is_told(self) -> None:
        async with self.scene(files_min=2) as it:
            await it.start()
            os.kill(await it.ffmpeg(), signal.SIGKILL)
            await it.agent.sees(Light.OFF)
            await it.start()
            await it.pause()
            await it.read_out_card()

    async def test_a_display_that_is_not_there_is_told_to_who_wants_it_recorded(self) -> None:
        async with self.scene(files_min=1) as it:
            await it.start()
            telephony = await it.telephony(BLIND_DN)
            failed = await telephony.outcome(await telephony.start(connection_id=CALL))
            self.assertIs(failed.outcome, Outcome.FAILED)
            [recorder] = failed.recorders
            self.assertIs(recorder.verdict, Verdict.FAILED)
            assert recorder.failure is not None
            self.assertEqual(recorder.failure.code, Failed.NO_START)
            self.assertIn(":99999", recorder.failure.text)
            await it.pause()  # the other screen of this recorder is as it was
            await it.read_out_card()
