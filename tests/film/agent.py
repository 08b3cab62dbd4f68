"""An agent at a desktop: shows the light that the broker tells of, and reads out a card number
only while that light says PAUSED."""
from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Callable, Final

from link import Link
from ringdown import Desktop, Identity, Light, Limits, RingdownError, v1
from stage import Stage

PATIENCE_S: Final = 60.0
"""Turns a hang into a failure."""
PATIENT: Final = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)
CONNECT_AGAIN_S: Final = 0.1


class Agent:
    """Use it as an async context manager. Connects again whenever the link is lost."""

    def __init__(self, stage: Stage, link: Link, dn: str) -> None:
        self._stage = stage
        self._link = link
        self._dn = dn
        self._identity = Identity(v1.ROLE_DESKTOP, application_name="agent")
        self._desktop: Desktop | None = None
        self._news = asyncio.Event()
        self.light = Light.UNKNOWN

    async def __aenter__(self) -> Agent:
        self._task = asyncio.create_task(self._stay_connected(), name="agent")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.result()

    async def desktop(self) -> Desktop:
        """The connection that stands, or the next one."""
        await self._until(lambda: self._desktop is not None, "the link stands")
        assert self._desktop is not None
        return self._desktop

    async def sees(self, light: Light) -> None:
        await self._until(lambda: self.light is light, f"the light is {light.value}")

    def show_card(self) -> None:
        """For as long as the light stays, or until it is hidden."""
        if self.light is not Light.PAUSED:
            raise AssertionError(f"a card must not be shown while the light is {self.light.value}")
        self._stage.show_card()

    def hide_card(self) -> None:
        if not self._stage.card_is_up:
            raise AssertionError("the card was taken away before: the light has left PAUSED")
        self._stage.hide_card()

    # ---- inside -----------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        try:
            while True:
                try:
                    async with await Desktop.connect(
                        self._link.host,
                        self._link.port,
                        self._dn,
                        identity=self._identity,
                        limits=PATIENT,
                    ) as desktop:
                        self._desktop = desktop
                        async for light in desktop.lights():
                            self._show(light)
                except RingdownError:
                    pass
                self._desktop = None
                self._show(Light.UNKNOWN)
                await asyncio.sleep(CONNECT_AGAIN_S)
        finally:
            self._desktop = None
            self._show(Light.UNKNOWN)

    def _show(self, light: Light) -> None:
        self.light = light
        if light is not Light.PAUSED and self._stage.card_is_up:
            self._stage.hide_card()
        self._stage.show_light(light.value)
        self._news.set()
        self._news = asyncio.Event()

    async def _until(self, true: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not true():
                    if self._task.done():
                        self._task.result()
                    await self._news.wait()
        except TimeoutError:
            text = f"not within {PATIENCE_S:g} s: {what}; the light is {self.light.value}"
            raise AssertionError(text) from None
