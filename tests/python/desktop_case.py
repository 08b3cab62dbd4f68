"""What the tests of a desktop have in common."""
from __future__ import annotations

import asyncio
from typing import Awaitable, Callable

from fake_broker import Behaviour, FakeBroker
from harness import PATIENCE_S, AsyncTest
from ringdown import Desktop, Limits, v1

PATIENT = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)
UNKNOWN, ENABLED = v1.CAPTURE_STATE_UNKNOWN, v1.CAPTURE_STATE_ENABLED
PAUSED, DISABLED = v1.CAPTURE_STATE_PAUSED, v1.CAPTURE_STATE_DISABLED


def snapshot(
    sequence: int,
    light: v1.CaptureState,
    *,
    epoch: int = 1,
    session: v1.CaptureSession | None = None,
) -> v1.Snapshot:
    sessions = [] if session is None else [session]
    return v1.Snapshot(
        dn_epoch=epoch, dn_sequence=sequence, effective_state=light, sessions=sessions
    )


class DesktopTest(AsyncTest):
    async def desktop(self, server: FakeBroker, agent_id: str = "") -> Desktop:
        return await Desktop.connect(
            server.host, server.port, "7001", agent_id=agent_id, limits=PATIENT
        )

    async def play(
        self, behave: Behaviour, see: Callable[[Desktop], Awaitable[None]], agent_id: str = ""
    ) -> None:
        async with asyncio.timeout(PATIENCE_S), FakeBroker(behave) as server:
            async with await self.desktop(server, agent_id) as desktop:
                await see(desktop)
