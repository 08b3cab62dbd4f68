"""Each row of the table "Scenarios" of docs/confirmed-control.md, in its order, between real
processes: the daemon, and desktops, recorders and a call source on sockets of their own."""
from __future__ import annotations

import asyncio
import signal
import unittest

from daemon_case import DESKTOP, SUPERVISOR
from harness import PATIENCE_S, ringdown, until
from ringdown import BrokerReason, Failure, Identity, Light, Refused, Verb, capture_request, v1
from scenarios_case import (
    ALL_HOLDERS,
    CALL,
    DISABLED,
    DN,
    ENABLED,
    LONG,
    OTHER,
    PAUSED,
    SOON,
    ScenarioTest,
    alarms_of,
    has_lost_its_link,
    holder_is_gone,
    laptop,
    shows,
    word_of,
)


class SecondCalls(ScenarioTest):
    async def test_a_second_calls_start_waits_for_the_end_of_the_first_calls_pause(self) -> None:
        await self.broker(LONG)
        plain, exact = await self.plain(), await self.obedient(DN)
        agent = await self.agent(agent_id="anna")
        telephony = await self.agent("telephony")
        await self.record(agent)
        pause = await self.pause(agent, reason="card number")
        ack = await telephony.start(connection_id=OTHER)
        self.assertEqual(ack.recorders_queued, 0)
        held = (await telephony.outcome(ack)).event
        self.expect(held, v1.OUTCOME_HELD)
        by = held.held_by
        self.assertEqual((by.application_name, by.agent_id), ("desk", "anna"))
        self.assertEqual((by.reason, by.version), ("card number", pause.version))
        self.assertEqual((by.connection_id, held.held_by_connection_id), (CALL, CALL))
        self.assertGreater(by.since_time_us, 0)
        [waits] = (await telephony.look()).waiting
        self.assertEqual((waits.verb, waits.connection_id), (Verb.START, OTHER))
        resume = await agent.resume(connection_id=CALL)
        final = (await telephony.final_outcome(ack, timeout_s=PATIENCE_S)).event
        self.expect(final, v1.OUTCOME_CONFIRMED)
        self.assertEqual(final.broker_reason, v1.BROKER_REASON_HOLD_RELEASED)
        self.assertEqual(final.released_sequence, ack.dn_sequence)
        self.expect((await agent.outcome(resume)).event, v1.OUTCOME_CONFIRMED)
        await agent.wait_for_light(Light.RECORDING)
        await plain.has_heard_all()
        one_call = [(Verb.START, CALL), (Verb.PAUSE, CALL), (Verb.RESUME, CALL)]
        self.assertEqual(plain.heard, [*one_call, (Verb.START, OTHER)])
        of_other = [order for order in exact.orders if order.connection_id == OTHER]
        self.assertTrue(all(order.version > resume.version for order in of_other), of_other)

    async def test_a_second_calls_stop_is_heard_and_leaves_the_pause(self) -> None:
        await self.broker(LONG)
        plain, agent = await self.plain(), await self.agent()
        telephony = await self.agent("telephony")
        await self.record(agent)
        await self.record(telephony, OTHER)
        await self.pause(agent)
        ack = await telephony.stop(connection_id=OTHER)
        self.assertEqual(ack.recorders_queued, 1)
        self.expect((await telephony.outcome(ack)).event, v1.OUTCOME_CONFIRMED)
        session = await self.screen(agent.connection)
        self.assertEqual([one.connection_id for one in session.pauses], [CALL])
        self.assertEqual([call for call in session.calls if call.wants_recording], [])
        self.assertEqual(session.desired, v1.CAPTURE_STATE_PAUSED)
        heard = list(plain.heard)
        self.assertEqual(heard[-1], (Verb.STOP, OTHER))
        resume = await agent.resume(connection_id=CALL)  # and nothing is recorded
        self.expect((await agent.outcome(resume)).event, v1.OUTCOME_CONFIRMED)
        session = await self.screen(agent.connection)
        self.assertEqual((len(session.pauses), session.desired), (0, v1.CAPTURE_STATE_DISABLED))
        await plain.has_heard_all()
        self.assertEqual(plain.heard, heard)
        self.assertIs(agent.light, Light.OFF)


class Recorders(ScenarioTest):
    async def test_a_recorder_that_does_not_repeat_itself_confirms_by_its_answer(self) -> None:
        await self.broker("--limits.confirm_timeout=2 s")
        plain, agent = await self.plain(obeys=False), await self.agent()
        first = await agent.pause()
        await plain.next_order()
        await plain.say(PAUSED)
        self.expect((await agent.outcome(first)).event, v1.OUTCOME_CONFIRMED)
        second = await agent.pause()
        await plain.next_order()  # it is paused, and says nothing
        question = await plain.is_asked()
        self.assertEqual(question.broker_reason, v1.BROKER_REASON_ASKED)
        self.expect((await agent.outcome(second)).event, v1.OUTCOME_CONFIRMED)
        self.assertEqual(plain.heard, [(Verb.PAUSE, 0), (Verb.PAUSE, 0)])

    async def test_a_slow_recorders_first_paused_does_not_count_for_the_last_pause(self) -> None:
        await self.broker(LONG)
        plain, agent = await self.plain(obeys=False), await self.agent()
        await self.record_by_hand(agent, plain)
        pause, resume, again = await asyncio.gather(
            agent.pause(connection_id=CALL),
            agent.resume(connection_id=CALL),
            agent.pause(connection_id=CALL),
        )
        orders = [word_of(await plain.next_order()) for _ in range(3)]
        self.assertEqual(orders, [(Verb.PAUSE, CALL), (Verb.RESUME, CALL), (Verb.PAUSE, CALL)])
        for ack, by in ((pause, resume), (resume, again)):
            outcome = (await agent.outcome(ack)).event
            self.expect(outcome, v1.OUTCOME_SUPERSEDED)
            self.assertEqual(outcome.superseded_by_version, by.version)
        for word, light in ((PAUSED, Light.PAUSED), (ENABLED, Light.RECORDING)):
            await plain.say(word)
            await agent.wait_for_light(light)
            session = await self.screen(agent.connection)
            self.assertEqual([one.version for one in session.orders], [again.version])
        await plain.say(PAUSED)
        self.expect((await agent.outcome(again)).event, v1.OUTCOME_CONFIRMED)

    async def test_a_recorder_that_cannot_pause_is_told_of_at_once(self) -> None:
        await self.broker(LONG)
        hand, agent = await self.hand(DN), await self.agent(agent_id="anna")
        await self.record_by_hand(agent, hand)
        pause = await agent.pause(connection_id=CALL, reason="card number")
        await hand.recorder.say(await hand.next_order(), Failure(17, "the encoder hangs"))
        outcome = (await agent.outcome(pause)).event
        self.expect(outcome, v1.OUTCOME_FAILED)
        self.assertEqual((outcome.reason, outcome.agent_id), ("card number", "anna"))
        [result] = outcome.recorders
        self.assertEqual(result.verdict, v1.RECORDER_VERDICT_FAILED)
        self.assertEqual((result.failure_code, result.failure_text), (17, "the encoder hangs"))
        self.assertEqual(result.client_id, hand.recorder.connection.granted.client_id)
        self.assertIs(agent.light, Light.RECORDING)
        self.assertEqual(len((await agent.look()).pauses), 1)

    async def test_a_recorder_that_says_nothing_is_asked_and_ordered_again_then_an_alarm_stands(
        self,
    ) -> None:
        await self.broker("--limits.confirm_timeout=100 ms")
        plain = await self.plain(obeys=False, answers=False)
        agent, watcher = await self.agent(), await self.watcher()
        await agent.start(connection_id=CALL)
        await plain.next_order()
        await plain.say(ENABLED)
        await agent.wait_for_light(Light.RECORDING)
        asked = len(plain.queries)
        pause = await agent.pause(connection_id=CALL)
        self.assertEqual(word_of(await plain.next_order()), (Verb.PAUSE, CALL))
        await plain.is_asked(asked + 1)
        outcome = (await agent.outcome(pause)).event
        self.expect(outcome, v1.OUTCOME_TIMED_OUT)
        self.assertEqual(outcome.error_code, 57)
        [result] = outcome.recorders
        self.assertEqual(result.verdict, v1.RECORDER_VERDICT_SILENT)
        again = await plain.next_order()
        self.assertEqual(word_of(again)[0], Verb.PAUSE)
        self.assertEqual(again.broker_reason, v1.BROKER_REASON_DRIFT)
        self.assertEqual(again.for_recorder_client_id, plain.client_id)
        self.expect(
            await watcher.outcome(lambda one: one.version == again.version), v1.OUTCOME_TIMED_OUT
        )
        await watcher.alarms(v1.BROKER_REASON_RECORDER_UNCONFIRMED)
        unconfirmed = BrokerReason.RECORDER_UNCONFIRMED
        seen = await shows(agent, lambda now: unconfirmed in alarms_of(now))
        self.assertEqual((seen.light, seen.desired), (Light.RECORDING, PAUSED))

    async def test_of_two_recorders_the_one_that_fails_is_named_and_the_light_stays_on(
        self,
    ) -> None:
        await self.broker(LONG)
        plain, hand = await self.plain(obeys=False), await self.hand(DN)
        agent = await self.agent()
        await self.record_by_hand(agent, plain, hand)
        pause = await agent.pause(connection_id=CALL)
        await plain.next_order()
        await plain.say(PAUSED)
        await hand.recorder.say(await hand.next_order(), Failure(5, "no"))
        outcome = (await agent.outcome(pause)).event
        self.expect(outcome, v1.OUTCOME_PARTIAL)
        verdicts = {one.client_id: one.verdict for one in outcome.recorders}
        failed = hand.recorder.connection.granted.client_id
        self.assertEqual(verdicts[plain.client_id], v1.RECORDER_VERDICT_CONFIRMED)
        self.assertEqual(verdicts[failed], v1.RECORDER_VERDICT_FAILED)
        self.assertIs(agent.light, Light.RECORDING)
        await hand.recorder.say(DN, PAUSED)  # after all
        await agent.wait_for_light(Light.PAUSED)

    async def test_a_pause_where_nothing_is_recorded_is_confirmed_by_disabled(self) -> None:
        await self.broker(LONG)
        plain, agent = await self.plain(obeys=False), await self.agent()
        pause = await agent.pause(connection_id=CALL)
        await plain.next_order()
        await plain.say(DISABLED)
        outcome = (await agent.outcome(pause)).event
        self.expect(outcome, v1.OUTCOME_CONFIRMED)
        self.assertEqual([one.said for one in outcome.recorders], [v1.CAPTURE_STATE_DISABLED])
        resume = await agent.resume(connection_id=CALL)
        self.expect((await agent.outcome(resume)).event, v1.OUTCOME_CONFIRMED)
        await plain.has_heard_all()
        self.assertEqual(plain.heard, [(Verb.PAUSE, CALL)])
        self.assertEqual(len((await agent.look()).pauses), 0)
        self.assertIs(agent.light, Light.OFF)

    async def test_a_recorder_that_begins_again_in_a_pause_is_seen_and_paused_again(self) -> None:
        await self.broker(LONG)
        plain, agent = await self.plain(obeys=False), await self.agent()
        watcher = await self.watcher()
        pause = await agent.pause()
        await plain.next_order()
        await plain.say(PAUSED)
        self.expect((await agent.outcome(pause)).event, v1.OUTCOME_CONFIRMED)
        for times in (1, 2, 3):
            await plain.say(ENABLED)
            await agent.wait_for_light(Light.RECORDING)
            await watcher.alarms(v1.BROKER_REASON_DRIFT, times)
            await shows(agent, lambda now: alarms_of(now) == {BrokerReason.DRIFT})
            again = await plain.next_order()
            self.assertEqual((word_of(again)[0], again.origin_client_id), (Verb.PAUSE, 0))
            self.assertEqual(again.broker_reason, v1.BROKER_REASON_DRIFT)
            await plain.say(PAUSED)
            await shows(agent, lambda now: now.light is Light.PAUSED)
        outcome = await watcher.outcome(lambda one: one.version == again.version)
        self.expect(outcome, v1.OUTCOME_CONFIRMED)
        # Until it has been calm. What `changes` brought last may be an older snapshot's.
        self.assertEqual(alarms_of(await agent.look()), {BrokerReason.DRIFT})

    async def test_a_recorder_that_goes_back_and_forth_is_corrected_and_told_of_in_bounds(
        self,
    ) -> None:
        await self.broker(LONG)
        plain, agent = await self.plain(obeys=False), await self.agent()
        watcher = await self.watcher()
        pause = await agent.pause()
        await plain.next_order()
        await plain.say(PAUSED)
        self.expect((await agent.outcome(pause)).event, v1.OUTCOME_CONFIRMED)
        for _ in range(50):
            await plain.say(ENABLED)
            await plain.say(PAUSED)
        await plain.has_heard_all()
        self.assertEqual([verb for verb, _ in plain.heard], [Verb.PAUSE] * 4)
        await shows(agent, lambda now: now.light is Light.PAUSED)
        self.assertEqual(alarms_of(await agent.look()), {BrokerReason.DRIFT})
        self.assertEqual(len(await watcher.alarms(v1.BROKER_REASON_DRIFT, 4)), 4)

    async def test_a_recorder_that_refuses_where_anothers_pause_is_enough_is_ordered_again(
        self,
    ) -> None:
        await self.broker(LONG, "--confirm.pause=any")
        plain, hand = await self.plain(obeys=False), await self.hand(DN)
        agent, watcher = await self.agent(), await self.watcher()
        await self.record_by_hand(agent, plain, hand)
        pause = await agent.pause(connection_id=CALL)
        await plain.next_order()
        await plain.say(PAUSED)
        self.expect((await agent.outcome(pause)).event, v1.OUTCOME_CONFIRMED)
        await hand.recorder.say(await hand.next_order(), Failure(5, "no"))
        again = await watcher.ordered(v1.BROKER_REASON_DRIFT, Verb.PAUSE)
        await watcher.alarms(v1.BROKER_REASON_DRIFT)
        await hand.recorder.say(await hand.next_order(), PAUSED)
        outcome = await watcher.outcome(lambda one: one.version == again.version)
        self.expect(outcome, v1.OUTCOME_CONFIRMED)
        await shows(agent, lambda now: now.light is Light.PAUSED and not now.alarms)

    async def test_the_standby_takes_over_the_old_one_steps_down_and_the_light_stays(self) -> None:
        await self.broker(LONG)
        old, agent = await self.plain(), await self.agent()
        await self.record(agent)
        await self.pause(agent)
        await self.plain(says=PAUSED)
        await agent.wait_for_light(Light.PAUSED)
        await old.connection.register([DN], standby=True)
        now = await agent.look()
        self.assertEqual((now.light, now.alarms), (Light.PAUSED, ()))


class Holders(ScenarioTest):
    async def test_a_reloaded_page_that_lost_the_call_finds_its_pause_and_lifts_it(self) -> None:
        for ownership in ("anyone", "all_holders"):
            await self.broker(LONG, f"--confirm.pause_ownership={ownership}")
            await self.plain()
            before = await self.agent(agent_id="anna")
            await self.record(before)
            await self.pause(before, reason="card number")
            await before.close()
            after = await self.agent(agent_id="anna")
            self.assertIs(after.light, Light.PAUSED)
            [pause] = after.shown.pauses
            self.assertEqual((pause.agent_id, pause.reason), ("anna", "card number"))
            self.assertEqual((pause.connection_id, pause.holder_gone), (CALL, False))
            await self.resume(after)
            self.assertEqual((await after.look()).pauses, ())
            await self._stack.aclose()

    async def test_an_automations_resume_ends_the_agents_pause_too_if_anyone_may(self) -> None:
        await self.broker(LONG, "--confirm.pause_ownership=anyone")
        await self.plain()
        agent, automation = await self.agent(), await self.agent("hold-automation")
        await self.record(agent)
        await self.pause(automation)
        await self.pause(agent)
        self.assertEqual(len((await agent.look()).pauses), 2)
        await self.resume(automation, CALL)
        self.assertEqual((await agent.look()).pauses, ())

    async def test_an_automations_resume_waits_for_the_agents_if_each_holds_its_own(self) -> None:
        await self.broker(LONG, ALL_HOLDERS)
        plain = await self.plain()
        agent, automation = await self.agent(agent_id="anna"), await self.agent("hold-automation")
        await self.record(agent)
        await self.pause(automation)
        await self.pause(agent, reason="card number")
        resume = await automation.resume(connection_id=CALL)
        held = (await automation.outcome(resume)).event
        self.expect(held, v1.OUTCOME_HELD)
        self.assertEqual((held.held_by.agent_id, held.held_by.reason), ("anna", "card number"))
        self.assertEqual([one.agent_id for one in (await agent.look()).pauses], ["anna"])
        self.assertNotIn((Verb.RESUME, CALL), plain.heard)
        await self.resume(agent, CALL)
        final = (await automation.final_outcome(resume, timeout_s=PATIENCE_S)).event
        self.expect(final, v1.OUTCOME_CONFIRMED)
        self.assertEqual(final.released_sequence, resume.dn_sequence)

    async def test_a_lost_link_lifts_nothing_and_who_comes_back_holds_his_pause(self) -> None:
        await self.broker(LONG, ALL_HOLDERS)
        plain, link = await self.plain(), await self.link()
        agent, other = await self.agent(at=link), await self.agent("hold-automation")
        await self.record(agent)
        await self.pause(agent)
        link.cut()
        await has_lost_its_link(agent)
        await holder_is_gone(other, True)
        self.assertIs(other.light, Light.PAUSED)
        link.mend()
        back = await self.agent(at=link)
        self.assertIs(back.light, Light.PAUSED)
        await holder_is_gone(other, False)
        resume = await other.resume(connection_id=CALL)
        self.expect((await other.outcome(resume)).event, v1.OUTCOME_HELD)
        await plain.has_heard_all()
        self.assertEqual(plain.heard, [(Verb.START, CALL), (Verb.PAUSE, CALL)])
        await self.resume(back, CALL)

    async def test_a_forgotten_pause_is_reminded_of_again_and_again_and_never_resumed(
        self,
    ) -> None:
        await self.broker(LONG, "--confirm.pause_remind_after=100 ms")
        plain, agent, watcher = await self.plain(), await self.agent(), await self.watcher()
        await self.record(agent)
        await self.pause(agent)
        await watcher.alarms(v1.BROKER_REASON_PAUSE_LONG, times=3)
        seen = await shows(agent, lambda now: alarms_of(now) == {BrokerReason.PAUSE_LONG})
        self.assertEqual((seen.light, len(seen.pauses)), (Light.PAUSED, 1))
        await plain.has_heard_all()
        self.assertEqual(plain.heard, [(Verb.START, CALL), (Verb.PAUSE, CALL)])
        await self.resume(agent, CALL)
        await shows(agent, lambda now: not now.alarms)


class Calls(ScenarioTest):
    async def test_the_end_of_a_paused_consult_call_records_the_first_call_again(self) -> None:
        await self.broker(LONG)
        switch, plain = await self.call_source(), await self.plain()
        agent, watcher = await self.agent(), await self.watcher()
        await self.record(agent)
        await self.record(agent, OTHER)
        await self.pause(agent, OTHER)
        await switch.end(OTHER)
        order = await watcher.ordered(v1.BROKER_REASON_CALL_ENDED, Verb.RESUME)
        self.assertEqual((order.event.connection_id, order.origin_client_id), (CALL, 0))
        outcome = await watcher.outcome(lambda one: one.dn_sequence == order.dn_sequence)
        self.expect(outcome, v1.OUTCOME_CONFIRMED)
        await agent.wait_for_light(Light.RECORDING)
        self.assertEqual(plain.heard[-1], (Verb.RESUME, CALL))
        session = await self.screen(agent.connection)
        self.assertEqual([one.connection_id for one in session.calls], [CALL])
        self.assertEqual(len(session.pauses), 0)

    async def test_after_a_transfer_the_old_call_is_the_united_call(self) -> None:
        await self.broker(LONG)
        switch, plain, agent = await self.call_source(), await self.plain(), await self.agent()
        await self.record(agent)
        await self.record(agent, OTHER)
        await self.pause(agent, OTHER)
        await switch.merge(CALL, OTHER)
        [call] = (await self.screen(agent.connection)).calls
        self.assertEqual((call.connection_id, call.wants_recording), (OTHER, True))
        self.assertEqual(list(call.former_connection_ids), [CALL])
        await self.resume(agent, CALL)
        self.assertEqual(plain.heard[-1][0], Verb.RESUME)
        self.assertEqual((await agent.look()).pauses, ())
        stop = await agent.stop(connection_id=CALL)
        self.expect((await agent.outcome(stop)).event, v1.OUTCOME_CONFIRMED)
        await agent.wait_for_light(Light.OFF)
        self.assertEqual((await agent.look()).desired, DISABLED)

    async def test_a_resume_behind_a_supervisors_stop_records_nothing(self) -> None:
        await self.broker(LONG)
        plain, agent = await self.plain(), await self.agent()
        boss = await self.agent("boss", role=SUPERVISOR)
        await self.record(agent)
        await self.pause(agent)
        stop = await boss.stop(connection_id=CALL)
        self.expect((await boss.outcome(stop)).event, v1.OUTCOME_CONFIRMED)
        with self.assertRaises(Refused) as caught:
            await agent.resume(connection_id=CALL)
        self.assertEqual(caught.exception.code, 185)
        await plain.has_heard_all()
        self.assertEqual(plain.heard[-1], (Verb.STOP, CALL))
        await agent.wait_for_light(Light.OFF)
        self.assertEqual((await agent.look()).desired, DISABLED)


class Losses(ScenarioTest):
    async def test_a_command_whose_answer_was_lost_is_answered_again_and_done_once(self) -> None:
        await self.broker(LONG)
        plain, link, watcher = await self.plain(), await self.link(), await self.watcher()
        page = Identity(DESKTOP, "desk")
        lost = await self.client(page, link)
        await lost.register([DN])
        request = capture_request(DN, Verb.PAUSE, connection_id=CALL, reason="card number")
        request.command_id = b"c" * 16
        link.swallow_answers()
        pending = lost.begin_send(request)
        order = await plain.next_order()
        await watcher.outcome(lambda one: one.command_id == request.command_id)
        link.cut()
        await until("the link is lost", lambda: not lost.is_open)
        self.assertIsInstance(pending.done.exception(), ConnectionError)
        back = await self.client(page)
        await back.register([DN])
        before = await back.query_address(DN)
        request.retry = True
        ack = await back.send(request)
        self.assertEqual((ack.dn_sequence, ack.version), (order.dn_sequence, order.version))
        self.assertEqual((ack.recorders_queued, ack.dn_epoch), (1, order.dn_epoch))
        outcome = await back.next_event(timeout_s=PATIENCE_S)
        assert isinstance(outcome, v1.EventOutcome), outcome
        self.expect(outcome, v1.OUTCOME_CONFIRMED)
        self.assertEqual(outcome.command_id, request.command_id)
        await plain.has_heard_all()
        self.assertEqual(plain.heard, [(Verb.PAUSE, CALL)])
        after = await back.query_address(DN)
        self.assertEqual((after.version, after.sessions), (before.version, before.sessions))

    async def test_a_recorder_that_dies_is_an_alarm_and_who_comes_does_what_is_desired(
        self,
    ) -> None:
        for paused in (False, True):
            broker = await self.broker(LONG)
            agent = await self.agent()
            async with ringdown(broker, "recorder", f"--dn={DN}") as recorder:
                await recorder.says("EventRegistered")
                await self.record(agent)
                if paused:
                    await self.pause(agent)
                recorder.signal(signal.SIGKILL)
                lost = {BrokerReason.RECORDER_LOST}
                await shows(agent, lambda now: alarms_of(now) == lost)
            self.assertIs(agent.light, Light.UNKNOWN)
            next_one = await self.plain(says=None)
            order = await next_one.next_order()
            self.assertEqual(order.broker_reason, v1.BROKER_REASON_RECORDER_CAME)
            self.assertEqual(word_of(order)[0], Verb.PAUSE if paused else Verb.START)
            light = Light.PAUSED if paused else Light.RECORDING
            await shows(agent, lambda now: now.light is light and not now.alarms)
            await self._stack.aclose()

    async def test_a_laptop_with_both_sleeps_and_wakes(self) -> None:
        broker = await self.broker(LONG, *SOON)
        watcher = await self.watcher(calm=True)
        async with laptop(broker) as programs:
            await self.are_paused(watcher)
            for program in programs:
                program.signal(signal.SIGSTOP)
            await self.are_lost(watcher)
            for program in programs:
                program.signal(signal.SIGCONT)
            await self.have_come_back(watcher)

    async def test_a_laptop_with_both_loses_its_network_and_finds_it_again(self) -> None:
        await self.broker(LONG)
        watcher, link = await self.watcher(), await self.link()
        async with laptop(link):
            await self.are_paused(watcher)
            link.cut()
            await self.are_lost(watcher)
            link.mend()
            await self.have_come_back(watcher)


if __name__ == "__main__":
    unittest.main()
