"""A recorder that `ringdown check-recorder` judges, and how it is found to be."""
from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, AsyncIterator, Final

from harness import BIN, AsyncTest, Place, Program, ringdown
from vendor import DN, Habits, Vendor

ALL: Final = [
    "registers",
    "says",
    "heartbeats",
    "start",
    "pause",
    "resume",
    "query",
    "stop",
    "twice",
    "two calls",
    "calls apart",
    "burst",
    "late",
    "drift",
    "cut",
    "missed",
    "restart",
]
FOR_ALL: Final = [step for step in ALL if step != "calls apart"]
PATIENT: Final = ("--confirm-timeout=6000", "--watch=0.2")
"""For recorders that pass: only a hang is too slow."""
SHORT_MS: Final = 4000
"""For recorders that fail one step by saying nothing: the others answer in half of it, even on a
machine that stands still for a second."""
SHORT: Final = (f"--confirm-timeout={SHORT_MS}", "--watch=0.2", "--wait=15")
ASKED: Final = f"within {SHORT_MS} ms"
BEFORE_ASKED: Final = f"within {SHORT_MS // 2} ms"
TEST_S: Final = 240.0


@dataclass
class Here:
    host: str
    port: int


@dataclass
class Judged:
    status: int
    steps: dict[str, dict[str, Any]]
    out: str

    def which(self, result: str) -> list[str]:
        return [name for name, step in self.steps.items() if step["result"] == result]


async def judged(check: Program) -> Judged:
    async with asyncio.timeout(TEST_S):
        while True:
            try:
                status = await check.wait()
                break
            except TimeoutError:  # the harness is less patient than a whole check
                continue
    said = [json.loads(line) for line in check.out.splitlines() if line.startswith("{")]
    steps = {one["step"]: one for one in said if "step" in one}
    return Judged(status, steps, check.out)


class CheckedRecorder(AsyncTest):
    @asynccontextmanager
    async def check(
        self, *flags: str, dn: str = DN
    ) -> AsyncIterator[tuple[Program, Place]]:
        with socket.create_server(("127.0.0.1", 0)) as found:  # free a moment ago
            port = found.getsockname()[1]
        own = (f"--dn={dn}", f"--listen=127.0.0.1:{port}", *flags)
        words = ("--json", "--timeout=60", "check-recorder", *own)
        async with Program(str(BIN / "ringdown"), *words) as check:
            await check.says('"waiting"')
            yield check, Here("127.0.0.1", port)

    async def of_tool(self, flags: tuple[str, ...], *words: str) -> Judged:
        """Of the recorder that the command line tool plays."""
        async with self.check(*flags) as (check, place):
            async with ringdown(place, "recorder", f"--dn={DN}", *words):
                return await judged(check)

    async def of_vendor(self, habits: Habits, *flags: str, dn: str = DN) -> Judged:
        async with self.check(*flags, dn=dn) as (check, place):
            task = asyncio.create_task(Vendor(place, habits).run())
            try:
                return await judged(check)
            finally:
                task.cancel()
                await asyncio.wait([task])

    def passes(self, found: Judged, steps: list[str]) -> None:
        self.assertEqual(found.which("pass"), steps, found.out)
        self.assertEqual(found.which("fail"), [], found.out)
        self.assertEqual(found.which("not played"), [], found.out)
        self.assertEqual(found.status, 0, found.out)

    def fails(self, found: Judged, step: str, why: str, passed: list[str]) -> None:
        """Just this step, for just this reason. What needs it is not played."""
        self.assertEqual(found.which("fail"), [step], found.out)
        self.assertEqual(found.steps[step]["why"], why)
        self.assertEqual(found.which("pass"), passed, found.out)
        self.assertEqual(found.status, 1, found.out)
