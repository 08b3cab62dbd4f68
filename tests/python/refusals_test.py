"""Wrong input of commands, words, lists and orders for many DNs, at the real daemon: an EventError
names the field, and nothing has changed."""
from __future__ import annotations

import unittest

from daemon_case import DESKTOP, RECORDER, SUPERVISOR
from ringdown import (
    CaptureState,
    Connection,
    Failure,
    Identity,
    Light,
    Refused,
    Verb,
    capture_request,
    v1,
)
from scenarios_case import CALL, DISABLED, DN, ENABLED, LONG, OTHER, PAUSED, ScenarioTest, word_of

Word = CaptureState | Failure


class Refusals(ScenarioTest):
    """What is wrong is named, and changes nothing."""

    async def test_a_reason_or_an_agent_that_is_no_short_line(self) -> None:
        await self.stage()
        boss = await self.client(Identity(SUPERVISOR, "boss"))
        await boss.register([DN])
        for name in ("reason", "agent_id"):
            for wrong in ("x" * 65, "ü" * 33, "two\nlines", "\x7f", "bell\x07", "\x9bm"):
                for sender in (self.one.connection, boss):
                    for verb in (Verb.PAUSE, Verb.STOP, Verb.RESUME, Verb.START):
                        request = capture_request(DN, verb)
                        setattr(request, name, wrong)
                        frame = v1.Frame(request_send_event=request)
                        await self.refuses(sender, frame, 53, name)
                    many = v1.RequestCommandAddresses(this_dn=[DN], command=v1.COMMAND_STOP)
                    setattr(many, name, wrong)
                    frame = v1.Frame(request_command_addresses=many)
                    await self.refuses(sender, frame, 53, name)

    async def test_a_reason_of_what_is_no_command_and_a_failure_of_what_is_none(self) -> None:
        await self.stage()
        said = capture_request(DN, ENABLED)
        said.reason = "why"
        frame = v1.Frame(request_send_event=said)
        await self.refuses(self.recorder, frame, 53, "reason")
        command = capture_request(DN, Verb.STOP)
        command.failure.code = 5
        frame = v1.Frame(request_send_event=command)
        await self.refuses(self.one.connection, frame, 53, "failure")

    async def test_many_dns_of_which_one_is_there_twice_or_none_or_too_many(self) -> None:
        await self.stage()
        too_many = [str(number) for number in range(513)]
        nobody: list[str] = []
        for dns in ([DN, "7002", DN], nobody, too_many):
            for command in (v1.COMMAND_PAUSE, v1.COMMAND_STOP, v1.COMMAND_RESUME):
                many = v1.RequestCommandAddresses(this_dn=dns, command=command)
                frame = v1.Frame(request_command_addresses=many)
                await self.refuses(self.one.connection, frame, 53, "this_dn")
        for command in (v1.COMMAND_START, v1.COMMAND_QUERY, v1.COMMAND_UNSPECIFIED):
            many = v1.RequestCommandAddresses(this_dn=[DN], command=command)
            frame = v1.Frame(request_command_addresses=many)
            await self.refuses(self.one.connection, frame, 53, "command")

    async def test_a_page_that_is_too_long(self) -> None:
        await self.stage()
        boss = await self.connection(SUPERVISOR)
        for limit in (301, 2**32 - 1):
            request = v1.RequestListAddresses(limit=limit)
            frame = v1.Frame(request_list_addresses=request)
            await self.refuses(boss, frame, 53, "limit", reply="event_address_list")
        frame = v1.Frame(request_list_addresses=v1.RequestListAddresses(limit=0))
        await boss._ask_one(frame, "event_address_list", None)

    async def test_a_word_that_only_recorders_say(self) -> None:
        await self.stage()
        words: list[Word] = [Failure(5, "no"), ENABLED, DISABLED, PAUSED]
        for word in words:
            frame = v1.Frame(request_send_event=capture_request(DN, word))
            await self.refuses(self.one.connection, frame, 165, "screen-capture")

    async def test_an_answer_to_an_order_that_another_recorder_got(self) -> None:
        await self.stage()
        newcomer = await self.plain(says=None, obeys=False)
        order = await newcomer.next_order()
        self.assertEqual(order.for_recorder_client_id, newcomer.client_id)
        self.assertEqual(word_of(order)[0], Verb.PAUSE)
        words: list[Word] = [Failure(5, "no"), ENABLED, DISABLED, PAUSED]
        for word in words:
            request = capture_request(DN, word)
            request.version = order.version
            frame = v1.Frame(request_send_event=request)
            await self.refuses(self.recorder, frame, 53, "version")
        await newcomer.say(PAUSED)
        await self.one.wait_for_light(Light.PAUSED)

    async def test_calls_apart_of_who_is_no_recorder(self) -> None:
        await self.stage()
        before = await self.everything(self.one.connection)
        for role in (DESKTOP, SUPERVISOR, v1.ROLE_ADMIN, v1.ROLE_CALL_SOURCE):
            who = Identity(role, "desk", capabilities=[v1.CAPABILITY_PER_CALL])
            with self.assertRaises(Refused) as caught:
                await self.client(who)
            error = caught.exception.error
            self.assertEqual((error.error_code, error.attribute), (53, "capabilities"))
        self.assertEqual(await self.everything(self.one.connection), before)

    async def stage(self) -> None:
        """A DN where something stands: a call, a pause, a command that waits."""
        await self.broker(LONG)
        who = Identity(RECORDER, "exact")
        self.recorder = await self.client(who)
        await self.recorder.register([DN])
        self.one = await self.agent()
        start = await self.one.start(connection_id=CALL)
        await self.recorder.send(answer(ENABLED, start.version))
        self.expect((await self.one.outcome(start)).event, v1.OUTCOME_CONFIRMED)
        pause = await self.one.pause(connection_id=CALL)
        await self.recorder.send(answer(PAUSED, pause.version))
        self.expect((await self.one.outcome(pause)).event, v1.OUTCOME_CONFIRMED)
        held = await self.one.start(connection_id=OTHER)
        self.expect((await self.one.outcome(held)).event, v1.OUTCOME_HELD)

    async def refuses(
        self, sender: Connection, frame: v1.Frame, code: int, name: str, reply: str = "event_ack"
    ) -> None:
        before = await self.everything(self.one.connection)
        with self.assertRaises(Refused, msg=frame) as caught:
            await sender._ask_one(frame, reply, None)
        error = caught.exception.error
        self.assertEqual(error.error_code, code, error)
        self.assertIn(name, error.attribute, error)
        self.assertNotEqual(error.accepted, "", error)
        self.assertTrue(sender.is_open)
        self.assertEqual(await self.everything(self.one.connection), before)


def answer(word: CaptureState, version: int) -> v1.RequestSendEvent:
    request = capture_request(DN, word)
    request.version = version
    return request


if __name__ == "__main__":
    unittest.main()
