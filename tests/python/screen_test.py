"""One screen at the real daemon: desktops, recorders and a supervisor in Python."""
from __future__ import annotations

import asyncio
import signal
import unittest

from daemon_case import DESKTOP, SUPERVISOR, DaemonTest
from harness import PATIENCE_S, SOURCE, python
from ringdown import (
    BrokerReason,
    CaptureState,
    Cause,
    Desktop,
    Failure,
    Light,
    NotAllGranted,
    Refused,
    Shown,
    Verb,
    screen_capture,
    v1,
)


async def shown(desktop: Desktop, pauses: int, waiting: int = 0) -> Shown:
    """What it shows once there are so many of them."""
    async with asyncio.timeout(PATIENCE_S):
        async for one in desktop.changes():
            if (len(one.pauses), len(one.waiting)) == (pauses, waiting):
                return one
    raise AssertionError("changes end only with the link")


class Commands(DaemonTest):
    async def test_the_light_follows_the_recorder_and_not_the_command(self) -> None:
        await self.broker()
        hand, desktop = await self.hand("7001"), await self.desktop("7001")
        other = await self.desktop("7001")
        await desktop.wait_for_light(Light.OFF)  # as the recorder has said
        ack = await desktop.pause(connection_id=0xD1)
        self.assertEqual(ack.recorders_queued, 1)
        order = await hand.next_order()
        self.assertEqual((order.verb, order.connection_id), (Verb.PAUSE, 0xD1))
        self.assertEqual((order.screen, order.version), (CaptureState.PAUSED, ack.version))
        self.assertIs(desktop.light, Light.OFF)
        await hand.recorder.say(order, CaptureState.PAUSED)
        await desktop.wait_for_light(Light.PAUSED)
        await other.wait_for_light(Light.PAUSED)

    async def test_an_indication_echoes_version_and_command_id(self) -> None:
        await self.broker()
        hand = await self.hand("7001")
        desktop = await self.desktop("7001")
        await desktop.wait_for_light(Light.OFF)
        monitor = await self.connection(DESKTOP, "7001")
        ack = await desktop.start(connection_id=1)
        await hand.recorder.say(await hand.next_order(), CaptureState.ENABLED)
        command, indication = await self.user_event(monitor), await self.user_event(monitor)
        self.assertEqual((command.version, indication.version), (ack.version, ack.version))
        self.assertEqual(len(command.command_id), 16)
        self.assertEqual(indication.command_id, command.command_id)
        self.assertEqual(indication.event.connection_id, 1)

    async def test_a_query_is_answered_by_the_recorder_and_changes_nothing(self) -> None:
        await self.broker()
        hand, desktop = await self.hand("7001"), await self.desktop("7001")
        await desktop.wait_for_light(Light.OFF)
        await hand.recorder.say("7001", CaptureState.PAUSED)
        self.assertIs(await desktop.query(), CaptureState.PAUSED)
        self.assertIsNone((await desktop.look()).desired)

    async def test_a_query_without_a_recorder_tells_the_last_known_state(self) -> None:
        await self.broker()
        desktop = await self.desktop("7001")
        with self.assertRaises(Refused) as caught:
            await desktop.query()
        self.assertEqual(caught.exception.code, 118)
        self.assertTrue(caught.exception.error.HasField("last_known_state"))

    async def test_a_command_is_confirmed_by_the_recorder_or_told_as_timed_out(self) -> None:
        await self.broker()
        desktop, hand = await self.desktop("7001"), await self.hand("7001")
        ack = await desktop.pause()
        await hand.recorder.say(await hand.next_order(), CaptureState.PAUSED)
        outcome = (await desktop.outcome(ack)).event
        self.assertEqual(outcome.outcome, v1.OUTCOME_CONFIRMED)
        self.assertEqual(outcome.version, ack.version)
        outcome = (await desktop.outcome(await desktop.stop())).event  # which nobody does
        self.assertEqual((outcome.outcome, outcome.error_code), (v1.OUTCOME_TIMED_OUT, 57))

    async def test_a_recorder_that_cannot_says_so_long_before_the_deadline(self) -> None:
        await self.broker("--limits.confirm_timeout=60 s")
        desktop, hand = await self.desktop("7001"), await self.hand("7001")
        ack = await desktop.pause()
        failure = Failure(5, "no encoder", CaptureState.ENABLED)
        await hand.recorder.say(await hand.next_order(), failure)
        self.assertNotEqual((await desktop.outcome(ack)).event.outcome, v1.OUTCOME_CONFIRMED)
        await desktop.wait_for_light(Light.RECORDING)
        ack = await desktop.pause()
        await hand.recorder.say(await hand.next_order(), Failure(6, "still none"))
        outcome = (await desktop.outcome(ack)).event
        self.assertEqual(outcome.outcome, v1.OUTCOME_FAILED)
        [result] = outcome.recorders
        self.assertEqual(result.verdict, v1.RECORDER_VERDICT_FAILED)
        self.assertEqual((result.failure_code, result.failure_text), (6, "still none"))
        self.assertIs(desktop.light, Light.RECORDING)

    async def test_a_resume_never_undoes_a_later_pause(self) -> None:
        await self.broker()
        await self.obedient("7001")
        one, other = await self.desktop("7001"), await self.desktop("7001")
        seen = await one.pause()
        later = await other.pause()
        with self.assertRaises(Refused) as caught:
            await one.resume(if_version=seen.version)
        error = caught.exception.error
        self.assertEqual((error.error_code, error.version), (185, later.version))
        await one.resume(if_version=later.version)


class OneScreen(DaemonTest):
    async def test_a_start_waits_for_a_pause_and_its_release_is_told(self) -> None:
        await self.broker()
        recorder = await self.obedient("7001")
        desk = await self.desktop("7001", agent_id="A-1017")
        auto = await self.desktop("7001", application="auto-record")
        await desk.start(connection_id=0x71)
        await desk.wait_for_light(Light.RECORDING)
        await desk.pause(connection_id=0x71, reason="card number")
        await desk.wait_for_light(Light.PAUSED)
        ack = await auto.start(connection_id=0x72)
        held = (await auto.outcome(ack)).event
        self.assertEqual(held.outcome, v1.OUTCOME_HELD)
        self.assertEqual((held.held_by.agent_id, held.held_by.reason), ("A-1017", "card number"))
        for desktop in (desk, auto):
            seen = await shown(desktop, pauses=1, waiting=1)
            [pause], [waits] = seen.pauses, seen.waiting
            self.assertEqual((pause.application_name, pause.agent_id), ("desk", "A-1017"))
            self.assertEqual((pause.reason, pause.connection_id), ("card number", 0x71))
            self.assertEqual((waits.verb, waits.connection_id), (Verb.START, 0x72))
            self.assertEqual(waits.behind, pause)
        screens = [one.screen for one in recorder.orders]
        self.assertEqual(screens, [CaptureState.ENABLED, CaptureState.PAUSED])
        await desk.resume(connection_id=0x71)
        async with asyncio.timeout(PATIENCE_S):
            final = (await auto.final_outcome(ack)).event
        self.assertEqual(final.outcome, v1.OUTCOME_CONFIRMED)
        self.assertEqual(final.broker_reason, v1.BROKER_REASON_HOLD_RELEASED)
        self.assertEqual(final.released_sequence, ack.dn_sequence)
        await desk.wait_for_light(Light.RECORDING)
        await shown(desk, pauses=0)
        self.assertEqual({one.screen for one in recorder.orders[2:]}, {CaptureState.ENABLED})
        self.assertIn(Cause.HOLD_RELEASED, [one.cause for one in recorder.orders])

    async def test_a_reloaded_page_that_knows_no_call_ends_its_own_pause(self) -> None:
        await self.broker()
        await self.obedient("7001")
        before = await self.desktop("7001")
        await before.start(connection_id=0x71)
        await before.pause(connection_id=0x71)
        await before.wait_for_light(Light.PAUSED)
        await before.close()
        after = await self.desktop("7001")
        self.assertIs(after.light, Light.PAUSED)
        await after.resume()
        await after.wait_for_light(Light.RECORDING)

    async def test_a_resume_behind_a_stop_is_refused(self) -> None:
        await self.broker()
        await self.obedient("7001")
        desktop = await self.desktop("7001")
        await desktop.start(connection_id=0x71)
        await desktop.outcome(await desktop.stop(connection_id=0x71))
        with self.assertRaises(Refused) as caught:
            await desktop.resume(connection_id=0x71)
        self.assertEqual(caught.exception.code, 185)
        self.assertIs(desktop.light, Light.OFF)

    async def test_a_recorder_that_records_in_a_pause_is_told_again_and_a_person_too(self) -> None:
        await self.broker()
        recorder, desktop = await self.obedient("7001"), await self.desktop("7001")
        await desktop.pause()
        await desktop.wait_for_light(Light.PAUSED)
        await recorder.recorder.say("7001", CaptureState.ENABLED)
        async with asyncio.timeout(PATIENCE_S):
            alarm = await anext(desktop.raised_alarms())
        self.assertEqual(alarm.reason, BrokerReason.DRIFT)
        await desktop.wait_for_light(Light.PAUSED)
        self.assertEqual(
            [(one.screen, one.cause) for one in recorder.orders],
            [(CaptureState.PAUSED, Cause.COMMAND), (CaptureState.PAUSED, Cause.DRIFT)],
        )

    async def test_two_desktops_show_the_same_whenever_they_came(self) -> None:
        await self.broker()
        await self.obedient("7001")
        first = await self.desktop("7001", agent_id="A-1017")
        await first.pause(reason="card")
        await first.wait_for_light(Light.PAUSED)
        second = await self.desktop("7001", application="supervisor")
        self.assertEqual(second.shown, await first.look())


class Recorders(DaemonTest):
    async def test_a_recorder_that_comes_back_hears_the_pause_it_missed(self) -> None:
        await self.broker()
        first, desktop = await self.hand("7001"), await self.desktop("7001")
        await desktop.start()
        await first.recorder.say(await first.next_order(), CaptureState.ENABLED)
        await desktop.wait_for_light(Light.RECORDING)
        await first.recorder.close()
        await desktop.wait_for_light(Light.UNKNOWN)  # the last recorder is gone
        self.assertEqual((await desktop.pause()).recorders_queued, 0)
        second = await self.hand("7001")
        missed = await second.next_order()
        self.assertIn(missed.cause, (Cause.FOUND, Cause.RECORDER_CAME))
        self.assertIs(missed.screen, CaptureState.PAUSED)
        commander = desktop.connection.granted.client_id if missed.cause is Cause.FOUND else 0
        self.assertEqual(missed.origin.client_id, commander)
        await second.recorder.say(missed, CaptureState.PAUSED)
        await desktop.wait_for_light(Light.PAUSED)

    async def test_a_recorder_that_dies_turns_the_light_unknown(self) -> None:
        broker = await self.broker()
        desktop = await self.desktop("7001")
        async with python(SOURCE / "examples/python/recorder.py", broker, "7001") as recorder:
            await recorder.says("ready")
            await desktop.start()
            await desktop.wait_for_light(Light.RECORDING)
            recorder.signal(signal.SIGKILL)
            await desktop.wait_for_light(Light.UNKNOWN)

    async def test_a_standby_recorder_hears_all_and_does_not_count(self) -> None:
        await self.broker()
        standby = await self.hand("7001", standby=True)
        desktop = await self.desktop("7001")
        self.assertEqual((await desktop.pause()).recorders_queued, 0)
        self.assertIs((await standby.next_order()).verb, Verb.PAUSE)


class Supervisors(DaemonTest):
    async def test_who_is_paused_is_listed_and_all_are_stopped_at_once(self) -> None:
        await self.broker("--limits.dns_per_request_max=2")
        dns = ["7001", "7002", "7003"]
        await self.obedient(*dns)
        for dn in dns[:2]:
            desktop = await self.desktop(dn)
            await desktop.pause(reason="card")
            await desktop.wait_for_light(Light.PAUSED)
        boss = await self.connection(SUPERVISOR)
        found = {one.this_dn: one async for one in boss.addresses(light=Light.PAUSED)}
        self.assertEqual(list(found), dns[:2])
        self.assertEqual((found["7001"].pauses, found["7001"].recorders_active), (1, 1))
        every = [one.this_dn async for one in boss.addresses()]
        self.assertEqual(every, dns)
        page = await boss.list_addresses(limit=2)
        self.assertEqual((len(page.addresses), page.next), (2, "7002"))

        await boss.register(dns[:2])
        with self.assertRaises(NotAllGranted) as caught:
            await boss.command_addresses(dns, Verb.STOP, reason="fire drill")
        self.assertEqual([*caught.exception.refused], ["7003"])  # not registered there
        self.assertEqual(caught.exception.refused["7003"].error_code, 41)
        open_dns = set(caught.exception.acks)
        self.assertEqual(open_dns, set(dns[:2]))
        while open_dns:
            event = await boss.next_event(timeout_s=PATIENCE_S)
            if isinstance(event, v1.EventOutcome):
                self.assertEqual(event.outcome, v1.OUTCOME_CONFIRMED)
                self.assertEqual(event.reason, "fire drill")
                open_dns.remove(event.this_dn)
        self.assertEqual([one async for one in boss.addresses(light=Light.PAUSED)], [])

    async def test_one_registration_watches_every_dn_also_those_to_come(self) -> None:
        await self.broker()
        boss = await self.connection(SUPERVISOR)
        await boss.register_every_dn(hear_outcomes=True)
        for dn in ("7001", "7002"):
            await self.obedient(dn)
            desktop = await self.desktop(dn)
            await desktop.outcome(await desktop.pause())
            heard: list[str] = []
            while heard[-1:] != ["outcome"]:
                event = await boss.next_event(timeout_s=PATIENCE_S)
                if isinstance(event, v1.EventOutcome):
                    self.assertEqual((event.this_dn, event.command), (dn, v1.COMMAND_PAUSE))
                    heard.append("outcome")
                elif isinstance(event, v1.EventUserEvent):
                    self.assertEqual(event.event.this_dn, dn)
                    word = screen_capture(event.event)
                    heard.append("" if word is None or isinstance(word, Failure) else word.value)
            self.assertIn("pause", heard)
        await boss.unregister_every_dn()
        nobody = await self.connection(DESKTOP)
        with self.assertRaises(Refused) as caught:
            await nobody.register_every_dn()
        self.assertEqual(caught.exception.code, 165)


if __name__ == "__main__":
    unittest.main()
