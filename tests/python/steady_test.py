"""Parties that come back, and what reaches them, with the real daemon."""
from __future__ import annotations

import asyncio
import signal
import time
import unittest
from contextlib import AsyncExitStack
from typing import Any, Coroutine

from daemon_case import DESKTOP, PATIENT, RECORDER, DaemonTest
from harness import PATIENCE_S, Broker, Place, until
from link import Link
from ringdown import CaptureState, DisconnectReason, Identity, Light, LinkLost, Order, Outcome
from ringdown import OrderHandler, Reconnect, Refused, SteadyDesktop, SteadyRecorder, Verb, v1
from steady_case import Links

SOON = Reconnect(first_max_s=0.05, delay_max_s=0.2)
NOT_TO_BE_LOST_MS = 60_000
"""A heartbeat for those that a short one of the broker's is not to end."""


class SteadyDaemonTest(DaemonTest):
    async def steady_desktop(
        self, at: Place, dn: str = "7001", links: Links | None = None
    ) -> SteadyDesktop:
        desktop = SteadyDesktop(
            [(at.host, at.port)],
            dn,
            identity=Identity(DESKTOP, heartbeat_interval_ms=NOT_TO_BE_LOST_MS),
            reconnect=SOON,
            limits=PATIENT,
            on_link=links,
        )
        await self._stack.enter_async_context(desktop)
        await desktop.wait_until_registered(timeout_s=PATIENCE_S)
        return desktop

    async def steady_recorder(
        self,
        at: Place,
        handler: OrderHandler,
        dn: str = "7001",
        links: Links | None = None,
        identity: Identity | None = None,
    ) -> SteadyRecorder:
        recorder = SteadyRecorder(
            [(at.host, at.port)],
            [dn],
            identity=identity,
            reconnect=SOON,
            limits=PATIENT,
            on_link=links,
        )
        await self._stack.enter_async_context(recorder)
        self.running = asyncio.create_task(recorder.run(handler))
        self._stack.push_async_callback(_settle, self.running, recorder)
        await recorder.wait_until_registered(timeout_s=PATIENCE_S)
        return recorder

    async def in_time(self, waiting: Coroutine[Any, Any, Any]) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await waiting


async def _settle(running: asyncio.Task[None], recorder: SteadyRecorder) -> None:
    await recorder.close()
    await asyncio.wait([running])


async def as_told(order: Order) -> CaptureState | None:
    return order.screen or CaptureState.DISABLED


class ComingBack(SteadyDaemonTest):
    async def test_a_recorder_that_is_taken_over_stays_away(self) -> None:
        broker = await self.broker()
        identity, first, second = Identity(RECORDER), Links(), Links()
        await self.steady_recorder(broker, as_told, links=first, identity=identity)
        older = self.running
        await self.steady_recorder(broker, as_told, links=second, identity=identity)
        with self.assertRaises(LinkLost) as caught:
            await self.in_time(_result(older))
        self.assertIs(caught.exception.reason, DisconnectReason.TAKEN_OVER)
        desktop = await self.steady_desktop(broker)
        await desktop.pause()
        await desktop.wait_for_light(Light.PAUSED, timeout_s=PATIENCE_S)  # the second does it
        self.assertEqual((first.stood, second.stood), ([True, False], [True]))

    async def test_both_come_back_to_a_broker_that_was_started_again(self) -> None:
        links = Links()
        broker = await self.broker()
        wire = await self._stack.enter_async_context(Link(broker.port))
        await self.steady_recorder(wire, as_told)
        desktop = await self.steady_desktop(wire, links=links)
        await desktop.start()
        await desktop.wait_for_light(Light.RECORDING, timeout_s=PATIENCE_S)
        broker.signal(signal.SIGKILL)
        await desktop.wait_for_light(Light.UNKNOWN, timeout_s=PATIENCE_S)
        async with AsyncExitStack() as stack:
            again = await stack.enter_async_context(Broker())
            wire.broker_port = again.port
            await desktop.wait_until_registered(timeout_s=PATIENCE_S)
            self.assertTrue(links.changes[-1].broker_restarted)
            await desktop.wait_for_light(Light.RECORDING, timeout_s=PATIENCE_S)  # said again
            ack = await desktop.pause()
            outcome = await self.in_time(desktop.outcome(ack))
            self.assertIs(outcome.outcome, Outcome.CONFIRMED)
            await desktop.wait_for_light(Light.PAUSED, timeout_s=PATIENCE_S)
            await self._stack.aclose()

    async def test_a_pause_whose_answer_was_lost_is_done_once(self) -> None:
        broker = await self.broker()
        await self.obedient("7001")
        wire = await self._stack.enter_async_context(Link(broker.port))
        desktop = await self.steady_desktop(wire)
        witness = await self.desktop("7001")
        version = (await desktop.start()).version
        wire.swallow_answers()
        pausing = asyncio.create_task(desktop.pause(reason="card number"))
        await witness.wait_for_light(Light.PAUSED, timeout_s=PATIENCE_S)
        self.assertFalse(pausing.done())
        wire.cut()
        wire.mend()
        ack = await self.in_time(_result(pausing))
        self.assertEqual(ack.version, version + 1)
        self.assertEqual(len((await witness.look()).pauses), 1)
        # It was decided while the link was down; the broker tells it again all the same.
        outcome = await self.in_time(desktop.outcome(ack))
        self.assertIn(outcome.outcome, (Outcome.CONFIRMED, Outcome.UNKNOWN))
        self.assertEqual((await desktop.stop()).version, version + 2)

    async def test_a_start_that_a_new_broker_does_not_know_is_not_done(self) -> None:
        broker = await self.broker()
        wire = await self._stack.enter_async_context(Link(broker.port))
        desktop = await self.steady_desktop(wire)
        witness = await self.desktop("7001")
        wire.swallow_answers()
        starting = asyncio.create_task(desktop.start())
        await until("it is accepted", lambda: witness.shown.desired is CaptureState.ENABLED)
        broker.signal(signal.SIGKILL)
        async with AsyncExitStack() as stack:
            again = await stack.enter_async_context(Broker())
            wire.broker_port = again.port
            wire.cut()
            wire.mend()
            with self.assertRaisesRegex(Refused, "57") as caught:
                await self.in_time(_result(starting))
            self.assertTrue(caught.exception.outcome_unknown)
            self.assertIsNone((await desktop.look()).desired)
            await self._stack.aclose()

    async def test_after_a_drain_each_comes_back_in_its_own_time(self) -> None:
        broker = await self.broker()
        told = [Links() for _ in range(20)]
        for links in told:
            await self.steady_desktop(broker, links=links)
        self.assertEqual(await broker.stop(), 0, broker.out)
        await until("all have lost it", lambda: all(len(one.stood) > 1 for one in told))
        waits = []
        for links in told:
            lost = links.changes[1]
            assert isinstance(lost.error, LinkLost) and lost.retry_in_s is not None
            self.assertIs(lost.error.reason, DisconnectReason.DRAINING)
            assert lost.error.retry_after_s is not None
            waits.append(lost.retry_in_s - lost.error.retry_after_s)
        self.assertGreaterEqual(min(waits), -0.001)  # what it asked for is the least
        self.assertGreater(len({round(wait, 4) for wait in waits}), 10, waits)


class Blocking(SteadyDaemonTest):
    async def test_a_handler_that_blocks_too_long_loses_the_link_and_is_named(self) -> None:
        broker = await self.broker()
        links = Links()

        starts: list[Order] = []

        async def films_slowly(order: Order) -> CaptureState | None:
            if order.verb is Verb.START:
                starts.append(order)
                if len(starts) == 1:
                    time.sleep(2)  # the broker waits half a second
            return order.screen or CaptureState.DISABLED

        identity = Identity(RECORDER, heartbeat_interval_ms=200)
        with self.assertLogs("ringdown", "WARNING") as logged:
            await self.steady_recorder(broker, films_slowly, links=links, identity=identity)
            desktop = await self.steady_desktop(broker)
            await desktop.start()
            await until("it is back", lambda: links.stood[:3] == [True, False, True])
            await desktop.wait_for_light(Light.RECORDING, timeout_s=PATIENCE_S)
        self.assertIn("films_slowly blocked the event loop for 2.", "\n".join(logged.output))
        lost = links.changes[1].error
        assert isinstance(lost, LinkLost)
        self.assertIs(lost.reason, DisconnectReason.HEARTBEAT_TIMEOUT)

    async def test_a_plain_function_may_block_as_long_as_it_likes(self) -> None:
        broker = await self.broker()
        links = Links()

        def films_slowly(order: Order) -> CaptureState | None:
            if order.verb is Verb.START:
                time.sleep(2)
            return order.screen or CaptureState.DISABLED

        identity = Identity(RECORDER, heartbeat_interval_ms=1000)
        await self.steady_recorder(broker, films_slowly, links=links, identity=identity)
        desktop = await self.steady_desktop(broker)
        await desktop.start()
        await desktop.wait_for_light(Light.RECORDING, timeout_s=PATIENCE_S)
        self.assertEqual(links.stood, [True])


class WhatReachesWhom(DaemonTest):
    async def test_user_data_caller_and_deadline_reach_the_recorders_program(self) -> None:
        await self.broker()
        desktop, hand = await self.desktop("7001"), await self.hand("7001")
        await desktop.pause(
            reason="card number",
            user_data=[("order", "4711"), ("parts", [("n", 7)])],
            confirm_timeout_s=30.0,
        )
        order = await hand.next_order()
        self.assertEqual(order.user_data, (("order", "4711"), ("parts", [("n", 7)])))
        self.assertEqual(order.origin.client_id, desktop.connection.granted.client_id)
        self.assertEqual(order.origin.role, v1.ROLE_DESKTOP)
        self.assertEqual(len(order.origin.instance_id), 16)
        accepted_us = (await desktop.connection.address_info("7001")).snapshot.sessions[
            0
        ].desired_time_us
        self.assertEqual(order.deadline_time_us, accepted_us + 30_000_000)
        await desktop.pause(user_data=[])  # the broker's own time, which it does not tell
        order = await hand.next_order()
        self.assertEqual((order.user_data, order.deadline_time_us), ((), None))

    async def test_what_a_recorder_finds_tells_who_asked_and_until_when(self) -> None:
        await self.broker("--limits.confirm_timeout=60 s")
        desktop = await self.desktop("7001", application="desk")
        await self.hand("7001")
        await desktop.pause()
        hand = await self.hand("7001")
        order = await hand.next_order()
        self.assertEqual(order.origin.application_name, "desk")
        self.assertEqual(order.origin.client_id, desktop.connection.granted.client_id)

    async def test_the_same_command_id_is_the_same_command(self) -> None:
        await self.broker()
        await self.obedient("7001")
        desktop = await self.desktop("7001")
        first = await desktop.pause(command_id=b"p" * 16)
        again = await desktop.pause(command_id=b"p" * 16, retry=True)
        self.assertEqual((again.dn_sequence, again.version), (first.dn_sequence, first.version))
        outcomes = [await self.outcome(desktop.outcome(ack)) for ack in (first, again)]
        self.assertEqual(outcomes, [Outcome.CONFIRMED, Outcome.CONFIRMED])
        self.assertEqual((await desktop.stop()).version, first.version + 1)

    async def test_a_commands_own_deadline_is_the_brokers(self) -> None:
        await self.broker("--limits.confirm_timeout=60 s")
        desktop = await self.desktop("7001")
        await self.hand("7001")  # takes orders and says nothing
        ack = await desktop.pause(confirm_timeout_s=0.05)
        self.assertIs(await self.outcome(desktop.outcome(ack)), Outcome.TIMED_OUT)

    async def outcome(self, waiting: Coroutine[Any, Any, Any]) -> Outcome:
        async with asyncio.timeout(PATIENCE_S):
            outcome = (await waiting).outcome
        assert isinstance(outcome, Outcome)
        return outcome


async def _result(task: asyncio.Task[Any]) -> Any:
    return await asyncio.shield(task)


if __name__ == "__main__":
    unittest.main()
