"""Which orders a recorder's program gets, and how its answers are said."""
from __future__ import annotations

import asyncio
import unittest

from fake_broker import FakeBroker, FakeLink
from harness import until
from recorder_case import DISABLED, ENABLED, PATIENT, PAUSED, Heard, RecorderTest, Said
from recorder_case import as_told, command, query, state
from ringdown import CaptureState, Failure, NotAllGranted, Order, Recorder, Screens, v1


class Orders(RecorderTest):
    async def test_what_the_program_returns_is_said_with_the_orders_version(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED))
            first = await Said(link).next()
            self.assertEqual((first.word, first.version, first.command_id), ("paused", 2, b""))
            link.say(command("resume", 3, ENABLED, call=0x71))
            heard = await Said(link).next()
            self.assertEqual((heard.dn, heard.word, heard.version), ("7001", "enabled", 3))
            self.assertEqual((heard.call, heard.command_id, heard.to), (0x71, b"\3" * 16, 0))
            self.assertIsNone(heard.failure)

        await self.play(behave, as_told())

    async def test_an_order_that_could_not_be_done_is_said_to_have_failed(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            said = Said(link)
            await said.next()
            for version, word in ((3, "failed"), (4, "enabled")):
                link.say(command("pause", version, PAUSED))
                heard = await said.next()
                self.assertEqual((heard.word, heard.version), (word, version))
                self.assertEqual(heard.failure, v1.Failure(code=5, text="no encoder"))

        async def handle(order: Order) -> CaptureState | Failure:
            if order.screen is None:
                return CaptureState.ENABLED
            return Failure(5, "no encoder", CaptureState.ENABLED if order.version == 4 else None)

        await self.play(behave, handle)

    async def test_where_nothing_is_desired_what_is_so_is_said_at_once(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register()
            heard = await Said(link).next()
            self.assertEqual((heard.word, heard.version, heard.to), ("disabled", 0, 0))

        await self.play(behave, as_told())

    async def test_a_query_is_answered_to_who_asked_and_to_nobody_alone_for_the_broker(
        self,
    ) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED))
            said = Said(link)
            await said.next()
            for asker in (99, 0):
                link.say(query(20, asker))
                heard = await said.next()
                self.assertEqual((heard.word, heard.version, heard.to), ("paused", 0, asker))
                self.assertEqual(heard.command_id, b"q" * 16)

        await self.play(behave, as_told())

    async def test_a_query_that_fails_says_no_more_than_is_so(self) -> None:
        answers = [Failure(1), Failure(1, "", CaptureState.DISABLED)]

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED))
            said = Said(link)
            await said.next()
            link.say(query(20, 99))
            link.say(query(21, 99))
            heard = await said.next()
            self.assertEqual((heard.word, heard.failure), ("disabled", None))

        async def handle(order: Order) -> CaptureState | Failure:
            return CaptureState.PAUSED if order.screen is not None else answers.pop(0)

        await self.play(behave, handle)

    async def test_while_the_program_is_at_work_only_the_newest_order_waits(self) -> None:
        orders: list[Order] = []
        go = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant(window_requests=100)
            await link.register(state(2, PAUSED), state(0))
            said = Said(link)
            self.assertEqual((await said.next()).dn, "7002")  # is not kept by the other
            for version in range(3, 1000):
                link.say(command("resume", version, ENABLED))
                link.say(query(10_000, 99))
            link.say(command("pause", 1000, PAUSED))
            link.say(command("start", 1, ENABLED, dn="7002"))
            self.assertEqual((await said.next()).dn, "7002")
            go.set()
            self.assertEqual(await said.words(2), [("paused", 2), ("paused", 1000)])
            self.assertEqual(await said.words(16), [("paused", 0)] * 16)

        told = as_told(orders)

        async def handle(order: Order) -> CaptureState | Failure | None:
            if order.version == 2:
                await go.wait()
            return await told(order)

        await self.play(behave, handle, "7001", "7002")
        done = [(one.version, one.screen) for one in orders if one.dn == "7001" and one.version]
        self.assertEqual(done, [(2, CaptureState.PAUSED), (1000, CaptureState.PAUSED)])

    async def test_a_gap_is_asked_about_and_keeps_nobody(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED), state(0))
            said = Said(link)
            await said.words(2)
            gap = v1.EventMissed(this_dn="7001", from_sequence=3, to_sequence=4, dn_epoch=1)
            link.say(v1.Frame(event_missed=gap))
            question = await link.hear_request()
            self.assertEqual(question.request_query_address.this_dn, "7001")
            link.say(v1.Frame(event_missed=gap))  # another, while it asks
            link.say(command("start", 1, ENABLED, dn="7002"))
            self.assertEqual(await said.words(1), [("enabled", 1)])
            link.inform(question, state(4, ENABLED))
            rest = [await link.hear_request() for _ in range(2)]
            rest.sort(key=lambda frame: frame.HasField("request_query_address"))
            heard = Heard(rest[0])
            self.assertEqual((heard.dn, heard.word, heard.version), ("7001", "enabled", 4))
            link.inform(rest[1], state(5, PAUSED))
            heard = Heard(await link.hear_request())
            self.assertEqual((heard.word, heard.version), ("paused", 5))

        await self.play(behave, as_told(), "7001", "7002")

    async def test_a_look_that_the_dns_rebirth_overtook_is_asked_for_anew(self) -> None:
        orders: list[Order] = []

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED))
            said = Said(link)
            await said.next()
            gap = v1.EventMissed(this_dn="7001", from_sequence=3, to_sequence=4, dn_epoch=1)
            link.say(v1.Frame(event_missed=gap))
            question = await link.hear_request()
            reborn = command("stop", 1, DISABLED)
            reborn.event_user_event.dn_epoch = 2
            link.say(reborn)
            self.assertEqual(await said.words(1), [("disabled", 1)])
            link.inform(question, state(4, ENABLED))
            link.inform(await link.hear_request(), state(1, DISABLED, epoch=2))

        await self.play(behave, as_told(orders))
        self.assertEqual([one.version for one in orders], [2, 1])

    async def test_what_is_done_is_only_said_again_on_the_next_link(self) -> None:
        links: list[list[tuple[str, int]]] = []
        orders: list[Order] = []
        screens = Screens()

        async def behave_again(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(3, ENABLED), state(2, PAUSED))
            links.append(await Said(link).words(3))

        begun = asyncio.Event()

        async def never_resumes(order: Order) -> CaptureState | None:
            orders.append(order)
            if order.version == 3:
                begun.set()
                await asyncio.Event().wait()
            return order.screen

        async def behave_first(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED), state(2, PAUSED))
            links.append(await Said(link).words(2))
            link.say(command("resume", 3, ENABLED))
            await begun.wait()

        await self.play(behave_first, never_resumes, "7001", "7002", screens=screens)
        self.assertEqual(len(orders), 3)
        await self.play(behave_again, as_told(orders), "7001", "7002", screens=screens)
        self.assertEqual(links[0], [("paused", 2), ("paused", 2)])
        # Of 7001 first what is so until it is done: the broker has no word of this link.
        self.assertEqual(sorted(links[1]), [("enabled", 3), ("paused", 0), ("paused", 2)])
        self.assertLess(links[1].index(("paused", 0)), links[1].index(("enabled", 3)))
        self.assertEqual([(one.dn, one.version) for one in orders[3:]], [("7001", 3)])
        self.assertIs(screens.state("7002"), CaptureState.PAUSED)

    async def test_calls_apart_are_signed_on_for_and_told_apart(self) -> None:
        go = asyncio.Event()
        orders: list[Order] = []

        async def behave(link: FakeLink) -> None:
            sign_on = (await link.grant()).request_sign_on
            for wanted in (v1.CAPABILITY_PER_CALL, v1.CAPABILITY_EXACT_VERSIONS):
                self.assertIn(wanted, sign_on.capabilities)
            await link.register()
            for version, call in ((1, 0x71), (2, 0x72)):
                link.say(command("start", version, ENABLED, call=call))
            link.say(query(20, 99))
            go.set()
            said = Said(link)
            heard = [await said.next() for _ in range(4)]
            self.assertEqual({(one.word, one.call) for one in heard if one.version},
                             {("enabled", 0x71), ("enabled", 0x72)})

        told = as_told(orders)

        async def handle(order: Order) -> CaptureState | Failure | None:
            await go.wait()
            return await told(order)

        await self.play(behave, handle, per_call=True)

    async def test_a_standby_gets_all_orders_and_says_nothing(self) -> None:
        orders: list[Order] = []
        told = as_told(orders)
        done = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            request = await link.hear_request()
            self.assertTrue(request.request_register_address.standby)
            registered = v1.EventRegistered(this_dn="7001", snapshot=state(2, PAUSED))
            link.say(v1.Frame(reference_id=request.reference_id, event_registered=registered))
            link.say(command("resume", 3, ENABLED))
            link.say(query(20, 99))
            await link.sign_off()  # is the next that it says

        async def handle(order: Order) -> CaptureState | Failure | None:
            if order.screen is None:
                done.set()
            return await told(order)

        async with FakeBroker(behave) as server:
            connecting = Recorder.connect(
                server.host, server.port, ["7001"], standby=True, limits=PATIENT
            )
            async with await connecting as recorder:
                running = asyncio.create_task(recorder.run(handle))
                await done.wait()
                self.assertIsNone(await recorder.say("7001", CaptureState.PAUSED))
                await recorder.close()
                await running
        self.assertEqual(orders[-1].screen, None)
        self.assertEqual(orders[-2].version, 3)


class Registrations(RecorderTest):
    async def test_more_dns_are_recorded_and_left_on_the_same_link(self) -> None:
        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(1, ENABLED))
            said = Said(link)
            await said.next()
            request = await link.hear_request()
            self.assertEqual(list(request.request_register_address.this_dn), ["7002", "7003"])
            link.say(command("pause", 5, PAUSED, dn="7002"))  # seen before the answer
            self.assertEqual(await said.words(1), [("paused", 5)])
            registered = v1.EventRegistered(this_dn="7002", snapshot=state(4, ENABLED))
            link.say(v1.Frame(reference_id=request.reference_id, event_registered=registered))
            error = v1.EventError(error_code=59, this_dn="7003")
            link.say(v1.Frame(reference_id=request.reference_id, event_error=error))
            link.say(command("pause", 5, PAUSED, dn="7003"))
            request = await link.hear_request()
            self.assertEqual(list(request.request_unregister_address.this_dn), ["7001"])
            ended = v1.EventUnregistered(this_dn="7001")
            link.say(v1.Frame(reference_id=request.reference_id, event_unregistered=ended))
            link.say(command("pause", 2, PAUSED))
            link.say(command("resume", 6, ENABLED, dn="7002"))
            self.assertEqual(await said.words(1), [("enabled", 6)])

        async def see(recorder: Recorder) -> None:
            await until("7001 is recorded", lambda: recorder.screens.state("7001") is not None)
            with self.assertRaisesRegex(NotAllGranted, "'7003': 59"):
                await recorder.record(["7002", "7003"])
            await recorder.leave(["7001"])
            self.assertIsNone(recorder.screens.state("7001"))

        orders: list[Order] = []
        await self.play(behave, as_told(orders), see=see)
        done = [(one.dn, one.version) for one in orders]
        self.assertEqual(done, [("7001", 1), ("7002", 5), ("7002", 6)])

    async def test_what_the_program_is_at_is_not_given_again_with_a_registration(self) -> None:
        orders: list[Order] = []
        go = asyncio.Event()

        async def behave(link: FakeLink) -> None:
            await link.grant()
            await link.register(state(2, PAUSED))
            await link.register(state(2, PAUSED))
            said = Said(link)
            self.assertEqual(await said.words(1), [("paused", 2)])
            link.say(query(20, 99))
            self.assertEqual(await said.words(1), [("paused", 0)])

        told = as_told(orders)

        async def handle(order: Order) -> CaptureState | Failure | None:
            await go.wait()
            return await told(order)

        async def see(recorder: Recorder) -> None:
            await recorder.record(["7001"])
            go.set()

        await self.play(behave, handle, see=see)
        self.assertEqual([one.version for one in orders], [2, 0])


if __name__ == "__main__":
    unittest.main()
