"""Calls a program's handler: on the event loop if it is a coroutine function, else on a thread.
Internal.

A handler that blocks the event loop keeps everything waiting: other DNs, and the heartbeat. So a
plain function runs on a thread, and of a coroutine each step is timed: one that blocked is named.
"""
from __future__ import annotations

import asyncio
import inspect
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Awaitable, Callable, Coroutine, Final, Generator, Union

from .capture import CaptureState, Failure
from .orders import Order

Answer = Union[CaptureState, Failure, None]
"""What is so now; that the order could not be done; or nothing, it is said later."""

OrderHandler = Callable[[Order], Union[Answer, Awaitable[Answer]]]
"""A coroutine function, called on the event loop; or a plain function, called on a thread of its
own, which may block."""

HANDLER_THREADS_MAX: Final = 64
"""Plain functions at work at the same time, each for another DN; past it a DN waits for one. Far
above what one machine records at once, and a thread costs no more than its stack."""

StoodStill = Callable[[float, str], None]
"""Told after each step of a handler: how long it kept the event loop, in seconds, and its name."""


class HandlerCaller:
    """Calls one handler for any number of DNs. `close` it at the end."""

    def __init__(self, handler: OrderHandler, stood_still: StoodStill) -> None:
        self._handler: Final = handler
        self._name: Final = f"the handler {_name_of(handler)}"
        self._stood_still: Final = stood_still
        self._threads: ThreadPoolExecutor | None = None
        if not _is_coroutine_function(handler):
            self._threads = ThreadPoolExecutor(HANDLER_THREADS_MAX, "ringdown handler")

    def close(self) -> None:
        """Calls of a plain function that are at work end by themselves, unheard."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def call(self, order: Order) -> Answer:
        """What the handler returns. Raises what it raises."""
        if self._threads is None:
            return await self._timed(self._handler(order))
        answer = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._handler, order
        )
        return await self._timed(answer)

    async def _timed(self, answer: Answer | Awaitable[Answer]) -> Answer:
        if isinstance(answer, Awaitable):
            return await _Timed(_awaited(answer), self._step_took)
        return answer

    def _step_took(self, seconds: float) -> None:
        self._stood_still(seconds, self._name)


async def _awaited(answer: Awaitable[Answer]) -> Answer:
    return await answer


class _Timed:
    """Awaits a coroutine and tells of each of its steps how long it kept the event loop."""

    def __init__(
        self, coroutine: Coroutine[Any, Any, Answer], took: Callable[[float], None]
    ) -> None:
        self._coroutine = coroutine
        self._took = took

    def __await__(self) -> Generator[Any, Any, Answer]:
        step: Callable[[], Any] = partial(self._coroutine.send, None)
        while True:
            began = time.monotonic()
            try:
                waits_for = step()
            except StopIteration as stop:
                answer: Answer = stop.value
                return answer
            finally:
                self._took(time.monotonic() - began)
            try:
                step = partial(self._coroutine.send, (yield waits_for))
            except BaseException as error:  # a cancellation too is for the coroutine
                step = partial(self._coroutine.throw, error)


def _is_coroutine_function(handler: OrderHandler) -> bool:
    call = getattr(handler, "__call__", None)  # of an object that can be called
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call)


def _name_of(handler: OrderHandler) -> str:
    while isinstance(handler, partial):
        handler = handler.func
    name = getattr(handler, "__qualname__", None)
    return str(name) if name is not None else type(handler).__qualname__
