"""The real programs for the tests of the Python client, on 127.0.0.1 and ports of the kernel's
choice. CTest says in RINGDOWN_BIN where they are built."""
from __future__ import annotations

import asyncio
import gc
import json
import os
import pathlib
import re
import signal
import sys
import unittest
from typing import Callable, Protocol

BIN = pathlib.Path(os.environ.get("RINGDOWN_BIN", "build/dev/bin"))
SOURCE = pathlib.Path(__file__).resolve().parents[2]

PATIENCE_S = 60.0
"""Turns a hang into a failure and never decides a success: sanitized programs on a loaded machine
are slow."""

SANITIZER_REPORT = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error:")


async def until(what: str, true: Callable[[], bool]) -> None:
    """Waits for what happens outside of this event loop."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_S:g} s: {what}") from None


class Program:
    """A child whose output is kept. It does not outlive its `async with`."""

    def __init__(self, *words: str) -> None:
        self._words = words
        self.out = ""

    async def __aenter__(self) -> Program:
        self._child = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._child.returncode is None:
            self._child.kill()
        await self.wait()

    async def _read(self) -> None:
        assert self._child.stdout is not None
        while data := await self._child.stdout.read(65536):
            self.out += data.decode(errors="replace")

    async def says(self, text: str, times: int = 1) -> None:
        """Until its output has this text."""
        await until(
            f"{self._words[0]} says {text!r}, not only:\n{self.out}",
            lambda: self.out.count(text) >= times or self._reader.done(),
        )
        assert self.out.count(text) >= times, f"no {text!r} in:\n{self.out}"

    async def wait(self) -> int:
        """Until it ends; its exit status, -1 if a sanitizer has reported something."""
        async with asyncio.timeout(PATIENCE_S):
            status = await self._child.wait()
            await self._reader
        return -1 if SANITIZER_REPORT.search(self.out) else status

    async def stop(self) -> int:
        """SIGTERM, then `wait`."""
        self._child.terminate()
        return await self.wait()

    @property
    def pid(self) -> int:
        return self._child.pid

    def signal(self, number: signal.Signals) -> None:
        """SIGKILL is as if its machine were gone, but for the sockets."""
        self._child.send_signal(number)


class Broker(Program):
    """ringdownd, ready to be connected to. It is patient, unless a test wants short times."""

    def __init__(self, *flags: str) -> None:
        usual = {
            "--config": "/dev/null",  # not what this machine may have in /etc
            "--listen.address": "127.0.0.1",
            "--listen.port": "0",
            "--log.format": "json",
            "--limits.heartbeat_interval": "60 s",
            "--limits.sign_on_timeout": "60 s",
            "--limits.control_timeout": "60 s",
            "--limits.drain_timeout": "60 s",
            **dict(flag.split("=", 1) for flag in flags),
        }
        words = (f"{name}={value}" for name, value in usual.items())
        super().__init__(str(BIN / "ringdownd"), *words)
        self.host = "127.0.0.1"
        self.port = 0

    async def __aenter__(self) -> Broker:
        await super().__aenter__()
        await self.says('"message":"listening"')
        for line in self.out.splitlines():
            if '"message":"listening"' in line:
                self.port = int(json.loads(line)["port"])
        return self


class Place(Protocol):
    """Where a client connects: the broker, or a link to it."""

    host: str
    port: int


def ringdown(broker: Place, *words: str) -> Program:
    """The C++ command line tool."""
    return Program(
        str(BIN / "ringdown"), f"--connect={broker.host}:{broker.port}", "--json", *words
    )


def python(file: pathlib.Path, broker: Place, *words: str) -> Program:
    """A Python program that uses the client, with this interpreter and this PYTHONPATH."""
    return Program(sys.executable, str(file), broker.host, str(broker.port), *words)


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    """A test that must leave no task behind, and no exception that nobody saw."""

    async def asyncSetUp(self) -> None:
        self._complaints: list[str] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: self._complaints.append(str(context))
        )

    async def asyncTearDown(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        self.assertEqual([task.get_name() for task in left], [])
        gc.collect()  # what nobody awaited complains when it goes
        self.assertEqual(self._complaints, [])
