"""What the tests of parties that come back have in common."""
from __future__ import annotations

import asyncio
from typing import Awaitable, Callable

from fake_broker import Behaviour, FakeBroker, FakeLink
from harness import PATIENCE_S, AsyncTest
from ringdown import LinkChange, Limits, Reconnect, v1

PATIENT = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)
AT_ONCE = Reconnect(first_max_s=0.0, delay_max_s=0.0)


class InTurn:
    """Treats each connection as the next of these behaviours says; there is to be no other one."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = list(behaviours)
        self.count = 0

    async def __call__(self, link: FakeLink) -> None:
        assert self.count < len(self._behaviours), "a connection too many"
        self.count += 1
        await self._behaviours[self.count - 1](link)


class Links:
    """What a party is told of its links."""

    def __init__(self) -> None:
        self.changes: list[LinkChange] = []

    def __call__(self, change: LinkChange) -> None:
        self.changes.append(change)

    @property
    def stood(self) -> list[bool]:
        return [one.stands for one in self.changes]


class SteadyTest(AsyncTest):
    async def serve(
        self, see: Callable[[FakeBroker], Awaitable[None]], *behaviours: Behaviour
    ) -> InTurn:
        in_turn = InTurn(*behaviours)
        async with asyncio.timeout(PATIENCE_S), FakeBroker(in_turn) as server:
            await see(server)
        self.assertEqual(in_turn.count, len(behaviours), "each was connected to")
        return in_turn


async def taken_over(link: FakeLink) -> None:
    """Ends a link that stands: the same instance is elsewhere."""
    say_last(link, v1.DISCONNECT_REASON_TAKEN_OVER)
    await link.hear_the_end()


async def until_signed_off(link: FakeLink) -> None:
    """Answers nothing but the sign-off, and that by the end."""
    while not (await link.hear_request()).HasField("request_sign_off"):
        pass


def say_last(
    link: FakeLink, reason: v1.DisconnectReason, retry_after_ms: int | None = None
) -> None:
    last = v1.EventLinkDisconnected(reason=reason, retry_after_ms=retry_after_ms)
    link.say(v1.Frame(event_link_disconnected=last))


def refuse(link: FakeLink, request: v1.Frame, code: int, retry_class: v1.RetryClass) -> None:
    """Answers any request about DN 7001, or about none."""
    error = v1.EventError(error_code=code, retry_class=retry_class)
    if not request.HasField("request_sign_on"):
        error.this_dn = "7001"
    link.say(v1.Frame(reference_id=request.reference_id, event_error=error))
