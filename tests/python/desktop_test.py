"""What a desktop shows and tells: the light, pauses, what waits, alarms."""
from __future__ import annotations

import asyncio
import unittest
from contextlib import suppress

from desktop_case import DISABLED, ENABLED, PAUSED, UNKNOWN, DesktopTest, snapshot
from fake_broker import FakeBroker, FakeLink, user_event
from ringdown import Alarm, BrokerReason, CaptureState, Desktop, Light, LinkLost, ProtocolError
from ringdown import Shown, Verb, v1
from ringdown.framing import delimited


async def until_answered(desktop: Desktop) -> None:
    """Until all that it has asked is answered, and the answers are seen."""
    while desktop.connection.outstanding:
        await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)


class TheLight(DesktopTest):
    async def test_it_is_unknown_after_a_gap_until_the_state_is_known(self) -> None:
        ask, go = asyncio.Event(), asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            gap = v1.EventMissed(this_dn="7001", from_sequence=4, to_sequence=9, dn_epoch=1)
            link.say(v1.Frame(event_missed=gap))
            link.say(user_event("7001", 8, word="enabled", state=ENABLED))  # of those it missed
            question = await link.hear_request()
            await ask.wait()
            link.inform(question, snapshot(9, PAUSED))
            await go.wait()
            link.say(user_event("7001", 10, word="enabled", state=ENABLED))
            link.looks = snapshot(10, ENABLED)
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            self.assertIs(desktop.light, Light.RECORDING)
            await desktop.wait_for_light(Light.UNKNOWN)
            shown = desktop.lights()
            self.assertIs(await anext(shown), Light.UNKNOWN)
            ask.set()
            self.assertIs(await anext(shown), Light.PAUSED)
            go.set()
            self.assertIs(await anext(shown), Light.RECORDING)

        await self.play(behave, see)

    async def test_only_what_recorders_say_moves_it(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, PAUSED))
            link.looks = snapshot(3, PAUSED)
            for sequence, word in enumerate(("start", "resume", "failed", ""), 4):
                link.say(user_event("7001", sequence, word=word, state=ENABLED))
            link.say(user_event("7001", 8, word="unknown", state=UNKNOWN))
            link.say(user_event("7001", 9, word="disabled", state=DISABLED))
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            lights = []
            async for light in desktop.lights():
                lights.append(light)
                if light is Light.OFF:
                    break
            self.assertNotIn(Light.RECORDING, lights)
            self.assertEqual(lights[0], Light.PAUSED)

        await self.play(behave, see)

    async def test_an_older_look_does_not_undo_what_was_heard_since(self) -> None:
        go = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, UNKNOWN))
            link.say(user_event("7001", 5, word="paused", state=PAUSED))
            link.inform(await link.hear_request(), snapshot(4, ENABLED))
            await go.wait()
            link.looks = snapshot(6, DISABLED)
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            await desktop.wait_for_light(Light.PAUSED)
            await until_answered(desktop)
            self.assertIs(desktop.light, Light.PAUSED)
            go.set()
            await desktop.look()
            self.assertIs(desktop.light, Light.OFF)

        await self.play(behave, see)

    async def test_it_goes_out_with_the_link_and_all_beside_it(self) -> None:
        go = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            session = v1.CaptureSession(desired=ENABLED, alarms=[v1.StandingAlarm()])
            await link.register(snapshot(3, ENABLED, session=session))
            await go.wait()

        async def see(desktop: Desktop) -> None:
            lights, changes = desktop.lights(), desktop.changes()
            self.assertIs(await anext(lights), Light.RECORDING)
            self.assertEqual(len((await anext(changes)).alarms), 1)
            go.set()
            self.assertIs(await anext(lights), Light.UNKNOWN)
            self.assertEqual(await anext(changes), Shown())
            for over in (lights, changes, desktop.raised_alarms()):
                with self.assertRaises(LinkLost):
                    await anext(over)
            with self.assertRaises(LinkLost):
                await desktop.wait_for_light(Light.RECORDING)

        await self.play(behave, see)

    async def test_it_goes_out_with_the_registration_whatever_is_told_then(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, ENABLED))
            link.say(user_event("7001", 4, word="pause"))
            question = await link.hear_request()
            ended = v1.EventUnregistered(this_dn="7001", error_code=59)
            link.say(v1.Frame(event_unregistered=ended))
            link.inform(question, snapshot(4, ENABLED))
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            await desktop.wait_for_light(Light.UNKNOWN)
            await until_answered(desktop)
            self.assertEqual(desktop.shown, Shown())

        await self.play(behave, see)

    async def test_a_state_of_a_later_protocol_counts_as_not_said(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            request = await link.hear_request()
            # EventRegistered { this_dn: "7001", snapshot { effective_state: 77 } }
            body = b"\x0a\x047001\x1a\x02\x20\x4d"
            reference = bytes([request.reference_id])
            link.say_bytes(delimited(b"\x08" + reference + b"\xfa\x03" + delimited(body)))
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            self.assertIs(desktop.light, Light.UNKNOWN)

        await self.play(behave, see)

    async def test_a_snapshot_of_another_dn_is_a_protocol_error(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            request = await link.hear_request()
            other = v1.EventRegistered(this_dn="7002")
            link.say(v1.Frame(reference_id=request.reference_id, event_registered=other))
            await link.hear_the_end()

        async with FakeBroker(behave) as server:
            with self.assertRaises(ProtocolError):
                await self.desktop(server)


class BesideTheLight(DesktopTest):
    async def test_who_paused_what_waits_and_which_alarms_stand(self) -> None:
        card = v1.Pause(
            connection_id=0x71,
            application_name="desk",
            agent_id="A-1017",
            reason="card",
            since_time_us=5,
        )
        hold = v1.Pause(application_name="automation", holder_gone=True)
        resume = v1.OpenOrder(command=v1.COMMAND_RESUME, connection_id=0x71, version=7, held=True)
        under_way = v1.OpenOrder(command=v1.COMMAND_PAUSE, version=8)
        alarm = v1.StandingAlarm(
            broker_reason=v1.BROKER_REASON_DRIFT, since_time_us=9, recorder_client_id=7
        )
        first = v1.CaptureSession(
            desired=PAUSED, pauses=[card, hold], orders=[resume, under_way], alarms=[alarm]
        )
        second = v1.CaptureSession(desired=ENABLED)

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, PAUSED, session=first))
            link.say(user_event("7001", 4, word="stop"))  # somebody's
            link.inform(await link.hear_request(), snapshot(4, PAUSED, session=second))
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            changes = desktop.changes()
            shown = await anext(changes)
            self.assertEqual((shown.light, shown.desired), (Light.PAUSED, CaptureState.PAUSED))
            self.assertEqual(shown.pauses, (card, hold))
            self.assertEqual(shown.alarms, (Alarm(BrokerReason.DRIFT, 9, 7),))
            [waiting] = shown.waiting
            self.assertEqual((waiting.verb, waiting.connection_id), (Verb.RESUME, 0x71))
            self.assertEqual((waiting.version, waiting.behind), (7, hold))
            self.assertEqual(await anext(changes), Shown(Light.PAUSED, CaptureState.ENABLED))

        await self.play(behave, see)

    async def test_commands_are_looked_at_once_and_again_after_the_last(self) -> None:
        looks: list[v1.Frame] = []

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            accepted = 0
            while accepted < 3 or not looks:  # no look is answered yet
                request = await link.hear_request()
                if request.HasField("request_query_address"):
                    looks.append(request)
                else:
                    accepted += 1
                    link.accept(request, 1 + accepted)
            link.inform(looks[0], snapshot(4, PAUSED))
            looks.append(await link.hear_request())
            link.inform(looks[1], snapshot(5, DISABLED))
            goodbye = await link.hear_request()
            self.assertTrue(goodbye.HasField("request_sign_off"), goodbye)

        async def see(desktop: Desktop) -> None:
            await desktop.start()
            await desktop.pause()
            await desktop.stop()
            await desktop.wait_for_light(Light.OFF)

        await self.play(behave, see)
        self.assertTrue(all(one.HasField("request_query_address") for one in looks), looks)

    async def test_a_look_that_the_dns_rebirth_overtook_is_not_believed(self) -> None:
        go, asked, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, PAUSED))
            link.say(user_event("7001", 4, word="pause"))
            question = await link.hear_request()
            link.say(user_event("7001", 1, epoch=2, word="enabled", state=ENABLED))
            await go.wait()
            link.inform(question, snapshot(4, PAUSED))
            question = await link.hear_request()
            asked.set()
            link.looks = snapshot(1, ENABLED, epoch=2)
            await go_on.wait()
            link.inform(question, link.looks)
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            await desktop.wait_for_light(Light.RECORDING)
            go.set()
            await asked.wait()
            self.assertIs(desktop.light, Light.RECORDING)
            go_on.set()
            await until_answered(desktop)
            self.assertIs(desktop.light, Light.RECORDING)

        await self.play(behave, see)

    async def test_whether_a_holder_is_gone_is_asked_for(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(3, PAUSED))
            gone = v1.CaptureSession(desired=PAUSED, pauses=[v1.Pause(holder_gone=True)])
            link.looks = snapshot(3, PAUSED, session=gone)
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            self.assertEqual(desktop.shown.pauses, ())
            self.assertTrue((await desktop.look()).pauses[0].holder_gone)

        await self.play(behave, see)

    async def test_each_alarm_is_told_as_it_is_raised_and_shown_while_it_stands(self) -> None:
        go = asyncio.Event()
        standing = v1.StandingAlarm(broker_reason=v1.BROKER_REASON_RECORDER_UNCONFIRMED)

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(snapshot(1, PAUSED))
            link.looks = snapshot(99, PAUSED, session=v1.CaptureSession(alarms=[standing]))
            for first, last in ((2, 4), (10, 80)):
                for sequence in range(first, last):
                    frame = user_event("7001", sequence)
                    frame.event_user_event.mark = v1.EVENT_MARK_ALARM
                    frame.event_user_event.time_us = sequence
                    frame.event_user_event.broker_reason = standing.broker_reason
                    link.say(frame)
                if first == 2:
                    await go.wait()
            await link.sign_off()

        async def see(desktop: Desktop) -> None:
            alarms = desktop.raised_alarms()
            self.assertEqual((await anext(alarms)).since_time_us, 2)
            self.assertEqual((await anext(alarms)).since_time_us, 3)
            go.set()
            while desktop._panel.alarms_heard < 72:
                await asyncio.sleep(0)
            heard = [(await anext(alarms)).since_time_us for _ in range(64)]
            self.assertEqual(heard, list(range(16, 80)))  # the newest of 70
            async for shown in desktop.changes():
                if shown.alarms == (Alarm(BrokerReason.RECORDER_UNCONFIRMED),):
                    break

        await self.play(behave, see)


if __name__ == "__main__":
    unittest.main()
