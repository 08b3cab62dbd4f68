"""What waits in a client, and its bounds: events for the program, requests for their answers."""
from __future__ import annotations

import asyncio
import random
import unittest

from fake_broker import user_event
from harness import AsyncTest
from ringdown import LinkLost, ProtocolError, WindowFull, v1
from ringdown._events import Event, EventQueue, Overrun
from ringdown._requests import REFERENCE_MAX, Requests

SEED = 20261122


def event(dn: str, sequence: int, *, epoch: int = 1) -> v1.EventUserEvent:
    return user_event(dn, sequence, epoch=epoch).event_user_event


def missed(dn: str, first: int, last: int, *, epoch: int = 1) -> v1.EventMissed:
    return v1.EventMissed(this_dn=dn, from_sequence=first, to_sequence=last, dn_epoch=epoch)


async def take_all(queue: EventQueue) -> list[Event]:
    queue.close(LinkLost("the end"))
    taken: list[Event] = []
    try:
        while True:
            taken.append(await queue.get())
    except LinkLost:
        return taken


class Events(AsyncTest):
    async def test_what_a_full_queue_missed_comes_in_its_place(self) -> None:
        queue = EventQueue(4, 1000)
        for sequence in (1, 2, 3, 4, 5, 6):
            queue.put(event("a", sequence), 1)
        self.assertEqual([await queue.get(), await queue.get()], [event("a", 1), event("a", 2)])
        queue.put(event("a", 7), 1)
        self.assertEqual(
            await take_all(queue), [event("a", 3), event("a", 4), missed("a", 5, 6), event("a", 7)]
        )

    async def test_nothing_of_a_dn_overtakes_what_it_missed(self) -> None:
        queue = EventQueue(4, 1000)
        for sequence in (1, 2, 3, 4, 5):
            queue.put(event("a", sequence), 1)
        await queue.get()  # there is room, but 5 is not told yet
        queue.put(event("a", 6), 1)
        queue.put(event("b", 1), 1)  # another DN has missed nothing
        self.assertEqual(
            await take_all(queue),
            [event("a", 2), event("a", 3), event("a", 4), event("b", 1), missed("a", 5, 6)],
        )

    async def test_gaps_join_and_a_new_epoch_begins_anew(self) -> None:
        queue = EventQueue(1, 1000)
        queue.put(event("a", 1), 1)
        gaps: list[Event] = [event("a", 7), missed("a", 8, 11), event("a", 12)]
        for one in gaps:
            queue.put(one, 1)
        first = await queue.get()
        second = await queue.get()
        self.assertEqual([first, second], [event("a", 1), missed("a", 7, 12)])
        for one in (event("a", 13), event("a", 14), event("a", 1, epoch=2), event("a", 2, epoch=2)):
            queue.put(one, 1)
        self.assertEqual(await take_all(queue), [event("a", 13), missed("a", 1, 2, epoch=2)])

    async def test_the_end_of_a_registration_takes_the_place_of_a_gap(self) -> None:
        queue = EventQueue(1, 1000)
        ended = v1.EventUnregistered(this_dn="a", error_code=59)
        several: list[Event] = [event("a", 1), event("a", 2), ended]
        for one in several:
            queue.put(one, 1)
        self.assertEqual(await take_all(queue), [event("a", 1), ended])

    async def test_bytes_that_were_taken_make_room(self) -> None:
        queue = EventQueue(1000, 100)
        queue.put(event("a", 1), 40)
        for sequence in range(1, 51):  # there is always one that waits
            queue.put(event("a", sequence + 1), 40)
            self.assertEqual(await queue.get(), event("a", sequence))

    async def test_one_event_above_the_limit_of_bytes_is_kept_alone(self) -> None:
        queue = EventQueue(1000, 100)
        queue.put(event("a", 1), 500)
        queue.put(event("a", 2), 1)
        self.assertEqual(await take_all(queue), [event("a", 1), missed("a", 2, 2)])

    async def test_more_dns_than_can_be_kept_are_an_overrun(self) -> None:
        queue = EventQueue(2, 1000)
        for dn in "abcd":
            queue.put(event(dn, 1), 1)
        queue.put(event("c", 2), 1)
        with self.assertRaises(Overrun):
            queue.put(event("e", 1), 1)

    async def test_every_event_of_a_dn_comes_or_is_told_as_missed_once_and_in_order(self) -> None:
        chance = random.Random(SEED)
        for _ in range(200):
            queue = EventQueue(chance.randrange(4, 9), chance.randrange(20, 200))
            put = dict.fromkeys("abc", 0)
            got = dict.fromkeys("abc", 0)

            def look(one: Event) -> None:
                if isinstance(one, v1.EventUserEvent):
                    dn, first, last = one.event.this_dn, one.dn_sequence, one.dn_sequence
                else:
                    assert isinstance(one, v1.EventMissed)
                    dn, first, last = one.this_dn, one.from_sequence, one.to_sequence
                self.assertEqual(first, got[dn] + 1)
                got[dn] = last

            for _ in range(200):
                if chance.random() < 0.6:
                    dn = chance.choice("abc")
                    put[dn] += 1
                    queue.put(event(dn, put[dn]), chance.randrange(1, 30))
                elif got != put:
                    look(await queue.get())
            for one in await take_all(queue):
                look(one)
            self.assertEqual(got, put)


def answer(reference: int, dn: str | None = None, *, error: bool = False) -> v1.Frame:
    if error:
        return v1.Frame(
            reference_id=reference, event_error=v1.EventError(error_code=53, this_dn=dn)
        )
    return v1.Frame(reference_id=reference, event_registered=v1.EventRegistered(this_dn=dn))


def take(requests: Requests, frame: v1.Frame) -> None:
    kind = frame.WhichOneof("body")
    assert kind is not None
    requests.take(frame, kind)


class Outstanding(AsyncTest):
    def requests(self) -> Requests:
        requests = Requests()
        requests.requests_max, requests.bytes_max = 3, 100
        return requests

    async def test_a_request_has_room_until_its_last_answer(self) -> None:
        requests = self.requests()
        for reference in range(1, 1000):  # what is answered makes room
            pending = requests.add(reference, 100, "event_registered", 2, False)
            take(requests, answer(reference, "a"))
            self.assertFalse(pending.done.done())
            with self.assertRaises(WindowFull):
                requests.add(REFERENCE_MAX, 1, "event_ack", 1, False)
            take(requests, answer(reference, "b", error=True))
            self.assertEqual(len(pending.done.result()), 2)
            self.assertTrue(requests.has_room(100))

    async def test_an_error_without_a_dn_answers_for_all(self) -> None:
        requests = self.requests()
        pending = requests.add(1, 10, "event_registered", 200, False)
        take(requests, answer(1, error=True))
        self.assertEqual(len(pending.done.result()), 1)
        self.assertEqual(len(requests), 0)

    async def test_an_answer_of_another_kind_is_a_protocol_error(self) -> None:
        requests = self.requests()
        requests.add(1, 10, "event_ack", 1, False)
        with self.assertRaisesRegex(ProtocolError, "event_registered in answer"):
            take(requests, answer(1, "a"))
        take(requests, answer(77, "a"))  # nobody asked

    async def test_room_is_for_requests_and_for_bytes(self) -> None:
        requests = self.requests()
        self.assertTrue(requests.has_room(1000))  # alone, any can
        requests.add(1, 60, "event_ack", 1, False)
        self.assertTrue(requests.has_room(40))
        self.assertFalse(requests.has_room(41))
        for reference in (2, 3):
            requests.add(reference, 1, "event_ack", 1, False)
        self.assertFalse(requests.has_room(1))

    async def test_a_request_for_many_may_count_as_one_for_each_answer(self) -> None:
        requests = self.requests()  # three of them
        requests.add(1, 10, "event_registered", 2, False, True)
        with self.assertRaisesRegex(WindowFull, "2 requests with 10 bytes"):
            requests.add(2, 10, "event_registered", 2, False, True)
        self.assertEqual((requests.has_room(1, 1), requests.has_room(1, 2)), (True, False))
        take(requests, answer(1, "a"))
        self.assertTrue(requests.has_room(1, 2))
        take(requests, answer(1, "b"))
        requests.add(3, 10, "event_registered", 3, False, True)
        take(requests, answer(3, error=True))  # for all of them
        self.assertTrue(requests.has_room(1, 3))
        requests.add(4, 10, "event_registered", 3, False, True)
        requests.end(LinkLost("gone"))
        requests.add(5, 10, "event_registered", 3, False, True)

    async def test_numbers_begin_anew_and_pass_over_those_on_their_way(self) -> None:
        requests = self.requests()
        requests.add(requests.next_reference(), 1, "event_ack", 1, False)
        requests._last_reference = REFERENCE_MAX - 1
        self.assertEqual([requests.next_reference() for _ in range(2)], [REFERENCE_MAX, 2])

    async def test_the_end_tells_all_who_wait(self) -> None:
        requests = self.requests()
        pending = requests.add(1, 100, "event_ack", 1, False)
        room = asyncio.create_task(requests.wait_for_room(1))
        await asyncio.sleep(0)
        requests.end(LinkLost("gone"))
        await room
        with self.assertRaisesRegex(LinkLost, "gone") as caught:
            await pending.done
        self.assertTrue(caught.exception.sent)


if __name__ == "__main__":
    unittest.main()
