"""That a recorder's words are said, and what happens if its program is at fault."""
from __future__ import annotations

import asyncio
import unittest

from fake_broker import Behaviour, FakeBroker, FakeLink
from harness import PATIENCE_S, until
from recorder_case import ENABLED, PATIENT, PAUSED, Handler, Heard, RecorderTest, Said
from recorder_case import as_told, command, query, state
from ringdown import CaptureState, Failure, Identity, Limits, LinkLost, NoAnswer, Order
from ringdown import Recorder, Refused, v1


class Words(RecorderTest):
    async def test_what_is_said_later_answers_its_order(self) -> None:
        kept: list[Order] = []
        heard: list[tuple[str, int]] = []

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            for version, word, desired in ((1, "start", ENABLED), (2, "pause", PAUSED)):
                link.say(command(word, version, desired))
                await until("it is kept", lambda: len(kept) == version)
            heard.extend(await Said(link).words(2))
            await link.hear_request()  # of the last word

        async def handle(order: Order) -> CaptureState | None:
            if order.screen is not None:
                kept.append(order)
            return None

        async def see(recorder: Recorder) -> None:
            await until("both are kept", lambda: len(kept) == 2)
            start, pause = kept
            self.assertIsNotNone(await recorder.say(start, CaptureState.ENABLED))
            self.assertIsNotNone(await recorder.say(pause, CaptureState.PAUSED))
            # Too late: the pause has its answer.
            self.assertIsNone(await recorder.say(start, CaptureState.ENABLED))
            self.assertIs(recorder.screens.state("7001"), CaptureState.PAUSED)
            with self.assertRaises(LinkLost):
                await recorder.say("7001", CaptureState.PAUSED, connection_id=0x71)

        await self.play(behave, handle, see=see)
        self.assertEqual(heard, [("enabled", 1), ("paused", 2)])

    async def test_a_word_without_room_waits_and_only_the_newest_is_said(self) -> None:
        told: list[Order] = []
        recorders: list[Recorder] = []

        async def behave(link: FakeLink) -> None:
            await link.grant(window_requests=1)
            await link.register(state(1, ENABLED))
            question = await link.hear_request()
            self.assertTrue(question.HasField("request_query_address"))
            for version in range(2, 20):
                last = version == 19
                verb, desired = ("pause", PAUSED) if last else ("start", ENABLED)
                link.say(command(verb, version, desired))
                await until(
                    "it is done", lambda: bool(told) and told[-1].version == version
                )
            await until("one waits", lambda: len(recorders[0]._link._tasks) == 1)
            link.inform(question, state(19, PAUSED))
            self.assertEqual(await Said(link).words(1), [("paused", 19)])

        async def handle(order: Order) -> CaptureState | None:
            told.append(order)
            return order.screen

        async with asyncio.timeout(PATIENCE_S), FakeBroker(behave) as server:
            connecting = Recorder.connect(server.host, server.port, ["7001"], limits=PATIENT)
            async with await connecting as recorder:
                recorders.append(recorder)
                asked = asyncio.create_task(recorder.connection.query_address("7001"))
                await asyncio.sleep(0)  # it goes out first
                with self.assertRaises(LinkLost):
                    await recorder.run(handle)
                self.assertEqual((await asked).version, 19)

    async def test_a_word_that_the_broker_has_no_room_for_is_said_again(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            for code, retry in (
                (1186, v1.RETRY_CLASS_OVERLOADED),
                (52, v1.RETRY_CLASS_UNKNOWN_OUTCOME),
            ):
                heard = Heard(await link.hear_request())
                error = v1.EventError(error_code=code, retry_class=retry, retry_after_ms=1)
                link.say(v1.Frame(reference_id=heard.reference, event_error=error))
            self.assertEqual(await Said(link).words(1), [("enabled", 1)])

        await self.play(behave, as_told())

    async def test_a_word_that_was_not_answered_is_said_again_but_never_behind_a_newer(
        self,
    ) -> None:
        recorders: list[Recorder] = []

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            for _ in range(2):  # neither is answered
                heard = Heard(await link.hear_request())
                self.assertEqual((heard.word, heard.version), ("enabled", 1))
            link.say(command("pause", 2, PAUSED))
            while (heard := Heard(await link.hear_request())).version == 1:
                pass
            link.say(v1.Frame(reference_id=heard.reference, event_ack=v1.EventACK()))
            await until("the older one is given up", lambda: not recorders[0]._link._tasks)
            link.say(query(20, 99))
            self.assertEqual(await Said(link).words(1), [("paused", 0)])

        async def see(recorder: Recorder) -> None:
            recorders.append(recorder)

        limits = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=0.05)
        await self.play(behave, as_told(), see=see, limits=limits)

    async def test_the_programs_own_word_has_its_deadline(self) -> None:
        over = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            await Said(link).next()
            heard = Heard(await link.hear_request())
            self.assertEqual((heard.word, heard.call, heard.version), ("enabled", 0x71, 0))
            await over.wait()

        async def see(recorder: Recorder) -> None:
            await until("it has greeted", lambda: recorder.screens.state("7001") is not None)
            with self.assertRaisesRegex(NoAnswer, "not said within 0.05 s"):
                await recorder.say(
                    "7001", CaptureState.ENABLED, connection_id=0x71, timeout_s=0.05
                )
            over.set()

        await self.play(behave, as_told(), see=see)

    async def test_a_dn_that_is_gone_takes_no_word(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            heard = Heard(await link.hear_request())
            error = v1.EventError(error_code=41, retry_class=v1.RETRY_CLASS_FAILED)
            link.say(v1.Frame(reference_id=heard.reference, event_error=error))
            gone = v1.EventUnregistered(this_dn="7001", error_code=59)
            link.say(v1.Frame(event_unregistered=gone))
            link.say(command("pause", 2, PAUSED))
            link.say(command("pause", 1, PAUSED, dn="7009"))

        orders: list[Order] = []
        await self.play(behave, as_told(orders))
        self.assertEqual([one.version for one in orders], [1])


class Faults(RecorderTest):
    async def run_into(
        self, behave: Behaviour, handler: Handler, error: type[Exception], text: str
    ) -> None:
        async with asyncio.timeout(PATIENCE_S), FakeBroker(behave) as server:
            connecting = Recorder.connect(server.host, server.port, ["7001"], limits=PATIENT)
            async with await connecting as recorder:
                with self.assertRaisesRegex(error, text):
                    await recorder.run(handler)

    async def test_a_program_that_raises_has_failed_and_its_fault_is_seen(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            heard = await Said(link).next()
            self.assertEqual((heard.word, heard.version), ("failed", 1))
            assert heard.failure is not None
            self.assertEqual(heard.failure.text, "a fault of the recorder's program")
            await link.sign_off()

        async def handle(order: Order) -> CaptureState:
            raise ZeroDivisionError("on air")

        await self.run_into(behave, handle, ZeroDivisionError, "on air")

    async def test_an_answer_that_is_none_is_named(self) -> None:
        wrong: list[tuple[object, type[Exception], str]] = [
            ("paused", TypeError, "an answer: a CaptureState, a Failure or None, not 'paused'"),
            (CaptureState.UNKNOWN, ValueError, "an answer: UNKNOWN is the broker's word only"),
        ]
        for answer, error, text in wrong:

            async def behave(link: FakeLink) -> None:
                await link.grant()
                await link.register(state(1, ENABLED))
                self.assertEqual(await Said(link).words(1), [("failed", 1)])
                await link.sign_off()

            async def handle(order: Order) -> CaptureState:
                return answer  # type: ignore[return-value]

            await self.run_into(behave, handle, error, text)

    async def test_a_word_that_is_refused_for_good_is_seen(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            heard = Heard(await link.hear_request())
            error = v1.EventError(error_code=165, retry_class=v1.RETRY_CLASS_FAILED)
            link.say(v1.Frame(reference_id=heard.reference, event_error=error))
            await link.sign_off()

        await self.run_into(behave, as_told(), Refused, "165")

    async def test_what_is_at_work_ends_with_the_link_and_with_the_run(self) -> None:
        cancelled: list[str] = []
        at_work = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            await at_work.wait()
            if cancelled:
                await link.sign_off()

        async def handle(order: Order) -> CaptureState:
            at_work.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(order.dn)
            return CaptureState.ENABLED

        for ends in (1, 2):
            at_work.clear()
            async with asyncio.timeout(PATIENCE_S), FakeBroker(behave) as server:
                connecting = Recorder.connect(server.host, server.port, ["7001"], limits=PATIENT)
                async with await connecting as recorder:
                    running = asyncio.create_task(recorder.run(handle))
                    await at_work.wait()
                    if ends == 2:
                        running.cancel()
                    await asyncio.wait([running])
                    self.assertEqual(cancelled, ["7001"] * ends)
                    self.assertEqual(running.cancelled(), ends == 2)
                    if ends == 1:
                        self.assertIsInstance(running.exception(), LinkLost)

    async def test_a_program_may_close_its_recorder_from_its_handler(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            await link.sign_off()

        async with asyncio.timeout(PATIENCE_S), FakeBroker(behave) as server:
            recorder = await Recorder.connect(server.host, server.port, ["7001"], limits=PATIENT)

            async def handle(order: Order) -> None:
                await recorder.close()

            await recorder.run(handle)
            with self.assertRaisesRegex(RuntimeError, "run: once"):
                await recorder.run(handle)

    async def test_a_word_that_is_never_answered_does_not_spoil_the_end(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            Heard(await link.hear_request())
            link.say(command("pause", 2, PAUSED))
            await link.sign_off()

        async with asyncio.timeout(PATIENCE_S), FakeBroker(behave) as server:
            recorder = await Recorder.connect(server.host, server.port, ["7001"], limits=PATIENT)

            async def handle(order: Order) -> CaptureState | None:
                if order.version == 1:
                    return order.screen
                await recorder.close()
                return None

            await recorder.run(handle)  # ends without a fault

    async def test_a_wrong_argument_is_named(self) -> None:
        with self.assertRaisesRegex(ValueError, "identity: role 1, accepted is ROLE_RECORDER"):
            who = Identity(v1.ROLE_DESKTOP)
            await Recorder.connect("nobody.invalid", 1, ["7001"], identity=who)

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            await link.sign_off()

        async with asyncio.timeout(PATIENCE_S), FakeBroker(behave) as server:
            connecting = Recorder.connect(server.host, server.port, ["7001"], limits=PATIENT)
            async with await connecting as recorder:
                with self.assertRaisesRegex(ValueError, "about: the DN '7002' is not recorded"):
                    await recorder.say("7002", CaptureState.ENABLED)
                with self.assertRaisesRegex(ValueError, "word: a failure without a state"):
                    await recorder.say("7001", Failure(1))
                with self.assertRaisesRegex(TypeError, "dns: a list"):
                    await recorder.record("7002")
                self.assertIsNone(recorder.screens.state("7001"))


if __name__ == "__main__":
    unittest.main()
