"""What lies around the table of docs/confirmed-control.md: restarts, what a site may configure,
what is kept and shown, and many DNs at once. Between real processes."""
from __future__ import annotations

import asyncio
import contextlib
import signal
import unittest
from typing import Mapping

from daemon_case import SUPERVISOR
from harness import PATIENCE_S, Broker
from ringdown import (
    Alarm,
    BrokerReason,
    CaptureState,
    Connection,
    Desktop,
    Identity,
    Light,
    LinkLost,
    NotAllGranted,
    Verb,
    screen_capture,
    v1,
)
from scenarios_case import (
    ALL_HOLDERS,
    CALL,
    DISABLED,
    DN,
    ENABLED,
    LONG,
    OTHER,
    PAUSED,
    ScenarioTest,
    alarms_of,
    has_lost_its_link,
    holder_is_gone,
    shows,
)


class Restarts(ScenarioTest):
    async def test_a_broker_that_restarts_knows_nothing_and_asks(self) -> None:
        killed = await self.broker("--limits.confirm_timeout=2 s")
        before = await self.agent()
        plain = await self.plain()
        await self.record(before)
        await self.pause(before)
        instance = before.connection.granted.server_instance
        killed.signal(signal.SIGKILL)
        await has_lost_its_link(before)
        await killed.wait()
        await self.restart(killed, "--limits.confirm_timeout=2 s")

        agent = await self.agent()
        self.assertNotEqual(agent.connection.granted.server_instance, instance)
        plain = await self.plain(says=None, answers=False)
        snapshot = await agent.connection.query_address(DN)
        self.assertEqual(snapshot.effective_state, v1.CAPTURE_STATE_UNKNOWN)
        self.assertEqual(len(snapshot.sessions), 0)  # nothing was asked or said
        question = await plain.is_asked()
        self.assertEqual(question.broker_reason, v1.BROKER_REASON_ASKED)
        self.assertIs(agent.light, Light.UNKNOWN)
        await plain.say(PAUSED)  # as it was told before
        await agent.wait_for_light(Light.PAUSED)
        self.assertEqual(agent.shown.pauses, ())
        await self.resume(agent, CALL)
        self.assertEqual(plain.heard, [(Verb.RESUME, CALL)])

    async def test_a_resume_that_nobody_knows_anything_of_is_passed_on(self) -> None:
        await self.broker(LONG)
        plain, agent = await self.plain(says=None), await self.agent()
        self.assertIs(agent.light, Light.UNKNOWN)
        await self.resume(agent, CALL)
        self.assertEqual(plain.heard, [(Verb.RESUME, CALL)])

    async def test_a_broker_that_shuts_down_tells_what_it_does_not_know_any_more(self) -> None:
        broker = await self.broker(LONG, "--limits.drain_timeout=2 s")
        plain, agent = await self.plain(obeys=False), await self.agent()
        telephony = await self.agent("telephony")
        pause = await agent.pause(connection_id=CALL)
        await plain.next_order()
        await plain.say(PAUSED)
        self.expect((await agent.outcome(pause)).event, v1.OUTCOME_CONFIRMED)
        held = await telephony.start(connection_id=OTHER)
        self.expect((await telephony.outcome(held)).event, v1.OUTCOME_HELD)
        open_one = await agent.pause(connection_id=OTHER)  # which no recorder does
        broker.signal(signal.SIGTERM)
        final = (await telephony.final_outcome(held, timeout_s=PATIENCE_S)).event
        self.expect(final, v1.OUTCOME_UNKNOWN)
        self.assertEqual(final.released_sequence, held.dn_sequence)
        self.expect((await agent.outcome(open_one)).event, v1.OUTCOME_UNKNOWN)
        for desktop in (agent, telephony):
            self.assertEqual(await alarms_until_the_end(desktop), [])
        self.assertEqual(await broker.wait(), 0, broker.out)
        [drained] = [line for line in broker.out.splitlines() if '"drained"' in line]
        self.assertIn('"captures_live":"1"', drained)

    async def test_what_a_recorder_says_in_time_counts_in_a_shutdown_too(self) -> None:
        broker = await self.broker(LONG)  # 15 s, a quarter of 60, is time enough
        plain, agent = await self.plain(obeys=False), await self.agent()
        pause = await agent.pause(connection_id=CALL)
        await plain.next_order()
        broker.signal(signal.SIGTERM)
        await broker.says('"message":"draining"')
        await plain.say(PAUSED)
        self.expect((await agent.outcome(pause)).event, v1.OUTCOME_CONFIRMED)
        self.assertEqual(await broker.wait(), 0, broker.out)

    async def restart(self, killed: Broker, *flags: str) -> None:
        self.at = await self._stack.enter_async_context(
            Broker(f"--listen.port={killed.port}", *flags)
        )
        self.assertEqual(self.at.port, killed.port)


class Sites(ScenarioTest):
    """What a site may want otherwise."""

    async def test_where_a_new_call_lifts_pauses_a_start_of_a_new_call_records(self) -> None:
        await self.broker(LONG, "--confirm.new_call=lifts")
        plain, agent = await self.plain(), await self.agent()
        await self.record(agent)
        await self.pause(agent)
        await self.record(agent, OTHER)
        self.assertEqual((await agent.look()).pauses, ())
        self.assertEqual(plain.heard[-1], (Verb.START, OTHER))
        await self.pause(agent, 0)
        start = await agent.start(connection_id=0x73)
        self.expect((await agent.outcome(start)).event, v1.OUTCOME_HELD)  # behind that of all calls
        await plain.has_heard_all()
        self.assertEqual(plain.heard[-1], (Verb.PAUSE, 0))

    async def test_where_a_drift_is_only_an_alarm_nothing_is_ordered_again(self) -> None:
        await self.broker(LONG, "--confirm.drift.paused=alarm")
        plain, agent, watcher = await self.plain(), await self.agent(), await self.watcher()
        await self.pause(agent)
        await plain.say(ENABLED)
        await watcher.alarms(v1.BROKER_REASON_DRIFT)
        seen = await shows(agent, lambda now: alarms_of(now) == {BrokerReason.DRIFT})
        self.assertEqual((seen.light, seen.desired), (Light.RECORDING, PAUSED))
        await plain.has_heard_all()
        self.assertEqual(plain.heard, [(Verb.PAUSE, CALL)])
        await plain.say(PAUSED)
        await shows(agent, lambda now: now.light is Light.PAUSED and not now.alarms)

    async def test_where_everything_must_be_recorded_a_dead_desktops_pause_is_resumed(
        self,
    ) -> None:
        await self.broker(
            LONG, "--confirm.dead_desktop=resume", "--confirm.dead_desktop_after=50 ms"
        )
        plain, agent, watcher = await self.plain(), await self.agent(), await self.watcher()
        await self.record(agent)
        await self.pause(agent)
        await agent.close()
        gone = v1.BROKER_REASON_PAUSE_HOLDER_GONE
        order = await watcher.ordered(gone, Verb.RESUME)
        outcome = await watcher.outcome(lambda one: one.dn_sequence == order.dn_sequence)
        self.expect(outcome, v1.OUTCOME_CONFIRMED)
        self.assertEqual(outcome.broker_reason, gone)
        self.assertEqual(plain.heard[-1][0], Verb.RESUME)
        back = await self.agent()
        self.assertEqual((back.light, back.shown.pauses), (Light.RECORDING, ()))

    async def test_where_it_is_to_be_told_a_dead_desktops_pause_is_an_alarm_until_it_is_back(
        self,
    ) -> None:
        await self.broker(
            LONG, "--confirm.dead_desktop=alarm", "--confirm.dead_desktop_after=50 ms"
        )
        plain, agent, watcher = await self.plain(), await self.agent(), await self.watcher()
        await self.pause(agent)
        await agent.close()
        await watcher.alarms(v1.BROKER_REASON_PAUSE_HOLDER_GONE)
        await plain.has_heard_all()
        self.assertEqual(plain.heard, [(Verb.PAUSE, CALL)])
        back = await self.agent()
        await shows(back, lambda now: now.light is Light.PAUSED and not now.alarms)
        self.assertEqual(len(back.shown.pauses), 1)

    async def test_where_each_holds_its_own_a_supervisor_ends_the_pause_of_who_is_gone(
        self,
    ) -> None:
        await self.broker(LONG, ALL_HOLDERS)
        await self.plain()
        agent, other = await self.agent(), await self.agent("other")
        boss = await self.agent("boss", role=SUPERVISOR)
        await self.record(agent)
        await self.pause(agent)
        self.expect((await boss.outcome(await boss.resume())).event, v1.OUTCOME_HELD)
        await agent.close()
        await holder_is_gone(boss, True)
        self.expect((await other.outcome(await other.resume())).event, v1.OUTCOME_HELD)
        await self.resume(boss)
        self.assertEqual((await other.look()).pauses, ())

    async def test_where_each_holds_its_own_anybody_ends_the_pause_of_who_is_gone_for_long(
        self,
    ) -> None:
        await self.broker(LONG, ALL_HOLDERS, "--confirm.dead_desktop_after=50 ms")
        await self.plain()
        agent, other = await self.agent(), await self.agent("other")
        await self.record(agent)
        await self.pause(agent)
        resume = await other.resume(connection_id=CALL)
        self.expect((await other.outcome(resume)).event, v1.OUTCOME_HELD)
        await agent.close()
        async with asyncio.timeout(PATIENCE_S):
            while (await other.look()).pauses:
                await other.resume(connection_id=CALL)
        await other.wait_for_light(Light.RECORDING)


class Kept(ScenarioTest):
    async def test_why_and_whose_hand_it_was_is_kept_with_pause_outcome_and_log(self) -> None:
        broker = await self.broker(LONG)
        plain, agent = await self.plain(), await self.agent(agent_id="anna")
        other, watcher = await self.agent("other"), await self.watcher()
        ack = await self.pause(agent, reason="Kartennummer für 5 €")
        said = ("Kartennummer für 5 €", "anna")
        [pause] = (await self.screen(other.connection)).pauses
        self.assertEqual((pause.reason, pause.agent_id), said)
        self.assertEqual((pause.application_name, pause.version), ("desk", ack.version))
        self.assertEqual(pause.client_id, agent.connection.granted.client_id)
        outcome = await watcher.outcome_of(ack)
        self.assertEqual((outcome.reason, outcome.agent_id), said)
        self.assertEqual(outcome.origin_application, "desk")
        [newest] = (await other.connection.address_info(DN)).recent_outcomes
        self.assertEqual((newest.reason, newest.agent_id), said)
        [order] = plain.orders
        self.assertEqual((order.reason, order.agent_id), said)
        await broker.says('"agent":"anna"')
        self.assertIn('"cause":"Kartennummer für 5 €"', broker.out)

    async def test_two_desktops_that_came_at_different_times_show_the_same(self) -> None:
        await self.broker(LONG)
        plain, first = await self.plain(), await self.agent(agent_id="anna")

        async def same(light: Light) -> None:
            """One that comes now shows what the first one does, and the first has it as news."""
            await first.wait_for_light(light)
            new = await self.agent("other")
            self.assertEqual(new.shown, await first.look())
            self.assertIs(new.light, light)
            await new.close()

        await same(Light.OFF)
        await self.record(first)
        await same(Light.RECORDING)
        await self.pause(first, reason="card number")
        await same(Light.PAUSED)
        start = await first.start(connection_id=OTHER)
        self.expect((await first.outcome(start)).event, v1.OUTCOME_HELD)
        await same(Light.PAUSED)
        stop = await first.stop(connection_id=OTHER)
        self.expect((await first.outcome(stop)).event, v1.OUTCOME_CONFIRMED)
        await same(Light.OFF)  # a pause stands, of a screen that nothing records
        self.assertEqual(len(first.shown.pauses), 1)
        await plain.connection.sign_off()
        await same(Light.UNKNOWN)
        self.assertEqual(alarms_of(first.shown), {BrokerReason.RECORDER_LOST})

    async def test_a_recorder_that_records_calls_apart_has_the_word_nearest_to_recording(
        self,
    ) -> None:
        await self.broker(LONG)
        hand, agent = await self.per_call(), await self.agent()
        for call in (CALL, OTHER):
            start = await agent.start(connection_id=call)
            order = await hand.next_order()
            self.assertEqual((order.connection_id, order.screen), (call, ENABLED))
            await hand.recorder.say(order, ENABLED)
            self.expect((await agent.outcome(start)).event, v1.OUTCOME_CONFIRMED)
        steps = [
            (CALL, PAUSED, Light.RECORDING),
            (OTHER, DISABLED, Light.PAUSED),
            (OTHER, ENABLED, Light.RECORDING),
            (OTHER, DISABLED, Light.PAUSED),
            (CALL, DISABLED, Light.OFF),
        ]
        for call, word, light in steps:
            await hand.recorder.say(DN, word, connection_id=call)
            info = await agent.connection.address_info(DN)
            seen = Light.of(CaptureState.of(info.snapshot.effective_state))
            self.assertEqual(seen, light, (call, word))
            await agent.wait_for_light(light)
        self.assertEqual([one.per_call for one in info.recorders], [True])
        plain = await self.plain(says=ENABLED)
        await agent.wait_for_light(Light.RECORDING)
        await plain.say(DISABLED)  # of all others one word is the whole screen
        await agent.wait_for_light(Light.OFF)


class ManyDns(ScenarioTest):
    DNS = ["7001", "7002", "7003", "7004", "7005"]

    async def test_many_are_paused_at_once_and_each_answers_for_itself(self) -> None:
        await self.broker(LONG)
        recorder = await self.obedient(*self.DNS[:3])
        boss = await self.watching_boss(*self.DNS[:3])
        with self.assertRaises(NotAllGranted) as caught:
            await boss.command_addresses(
                self.DNS[:4], Verb.PAUSE, reason="fire drill", agent_id="boss-1"
            )
        refused = {dn: error.error_code for dn, error in caught.exception.refused.items()}
        self.assertEqual(refused, {"7004": 41})  # it is not registered there
        for dn, outcome in (await outcomes(boss, caught.exception.acks)).items():
            self.expect(outcome, v1.OUTCOME_CONFIRMED)
            self.assertEqual((outcome.command, outcome.connection_id), (v1.COMMAND_PAUSE, 0))
            self.assertEqual((outcome.reason, outcome.agent_id), ("fire drill", "boss-1"))
            [pause] = (await self.screen(boss, dn)).pauses
            self.assertEqual((pause.reason, pause.agent_id), ("fire drill", "boss-1"))
        self.assertEqual({order.dn for order in recorder.orders}, set(self.DNS[:3]))

    async def test_many_are_stopped_at_once_whatever_their_calls(self) -> None:
        await self.broker(LONG)
        dns = self.DNS[:3]
        await self.obedient(*dns)
        boss = await self.watching_boss(*dns)
        for dn in dns:
            agent = await self.agent(dn=dn)
            await self.record(agent)
            await self.record(agent, OTHER)
        await self.pause(agent)  # the last one's
        acks = await boss.command_addresses(dns, Verb.STOP, reason="fire drill")
        for dn, outcome in (await outcomes(boss, acks)).items():
            self.expect(outcome, v1.OUTCOME_CONFIRMED)
            session = await self.screen(boss, dn)
            self.assertEqual([call for call in session.calls if call.wants_recording], [])
            self.assertEqual((len(session.pauses), session.desired), (0, 2), dn)
            self.assertEqual(session.observed, v1.CAPTURE_STATE_DISABLED)

    async def test_dns_are_listed_in_pages_and_by_what_is_so_there(self) -> None:
        await self.broker(LONG)
        recorders = {dn: await self.plain(dn=dn) for dn in self.DNS[:4]}
        agents = {dn: await self.agent(dn=dn) for dn in self.DNS}
        await self.record(agents["7001"])
        await self.pause(agents["7002"])
        await self.pause(agents["7003"])
        await recorders["7003"].connection.sign_off()  # paused, and nobody knows
        await agents["7003"].wait_for_light(Light.UNKNOWN)
        boss = await self.connection(SUPERVISOR)

        async def listed(
            light: Light | None = None, alarmed: bool = False, missing: bool = False
        ) -> list[str]:
            found = boss.addresses(light=light, alarmed=alarmed, recorder_missing=missing)
            return [one.this_dn async for one in found]

        self.assertEqual(await listed(), self.DNS)
        self.assertEqual(await listed(Light.RECORDING), ["7001"])
        self.assertEqual(await listed(Light.PAUSED), ["7002"])
        self.assertEqual(await listed(Light.OFF), ["7004"])
        self.assertEqual(await listed(Light.UNKNOWN), ["7003", "7005"])
        self.assertEqual(await listed(alarmed=True), ["7003"])
        self.assertEqual(await listed(missing=True), ["7003", "7005"])
        self.assertEqual(await listed(Light.UNKNOWN, alarmed=True, missing=True), ["7003"])
        self.assertEqual(await listed(Light.PAUSED, missing=True), [])
        pages: list[list[str]] = []
        after = ""
        while not pages or after:
            page = await boss.list_addresses(after=after, limit=2)
            pages.append([one.this_dn for one in page.addresses])
            after = page.next
        self.assertEqual([dn for one in pages for dn in one], self.DNS)
        self.assertLessEqual(max(map(len, pages)), 2)
        summary = (await boss.list_addresses(after="7002", limit=1)).addresses[0]
        self.assertEqual((summary.this_dn, summary.pauses, summary.alarms), ("7003", 1, 1))
        self.assertEqual((summary.recorders_active, summary.clients_registered), (0, 1))
        self.assertEqual(summary.desired, v1.CAPTURE_STATE_PAUSED)
        self.assertGreater(summary.paused_since_time_us, 0)

    async def test_who_watches_all_dns_hears_a_pause_on_one_it_never_named(self) -> None:
        await self.broker(LONG)
        boss = await self.connection(SUPERVISOR)
        await boss.register_every_dn(hear_outcomes=True)
        await self.plain(dn="7009")
        agent = await self.agent(dn="7009")
        ack = await self.pause(agent, reason="card number")
        heard: list[str] = []
        while "outcome" not in heard or "paused" not in heard:
            event = await boss.next_event(timeout_s=PATIENCE_S)
            if isinstance(event, v1.EventOutcome):
                self.assertEqual((event.this_dn, event.reason), ("7009", "card number"))
                self.assertEqual(event.dn_sequence, ack.dn_sequence)
                heard.append("outcome")
            elif isinstance(event, v1.EventUserEvent):
                self.assertEqual(event.event.this_dn, "7009")
                word = screen_capture(event.event)
                if isinstance(word, (Verb, CaptureState)):
                    heard.append(word.value)
        self.assertIn("pause", heard)

    async def watching_boss(self, *dns: str) -> Connection:
        boss = await self.client(Identity(SUPERVISOR, "boss"))
        await boss.register(dns)
        return boss


async def outcomes(
    connection: Connection, acks: Mapping[str, v1.EventACK]
) -> dict[str, v1.EventOutcome]:
    """Those of these commands; exactly one comes for each."""
    found: dict[str, v1.EventOutcome] = {}
    while found.keys() != acks.keys():
        event = await connection.next_event(timeout_s=PATIENCE_S)
        if isinstance(event, v1.EventOutcome):
            assert event.this_dn not in found, event
            assert event.dn_sequence == acks[event.this_dn].dn_sequence, event
            found[event.this_dn] = event
    return found


async def alarms_until_the_end(desktop: Desktop) -> list[Alarm]:
    """All that it has heard when its link has ended."""
    found: list[Alarm] = []
    async with asyncio.timeout(PATIENCE_S):
        with contextlib.suppress(LinkLost):
            async for alarm in desktop.raised_alarms():
                found.append(alarm)
    return found


if __name__ == "__main__":
    unittest.main()
