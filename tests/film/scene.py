"""Everything that a scenario needs: a display, a broker, a recorder that films the display, an
agent, and a second camera; agent and recorder each on a link that can be cut."""
from __future__ import annotations

import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import AsyncIterator, Final

from agent import PATIENT, Agent
from camera import Camera
from harness import SOURCE, Broker, Program, until
from link import Link
from processes import children_of
from ringdown import Connection, Desktop, Identity, Light, v1
from stage import Stage

DN: Final = "7001"
BLIND_DN: Final = "7002"
"""Of the same recorder; its display is not there."""
CALL: Final = 71
OTHER_CALL: Final = 72
FRAMES_UP: Final = 5
"""Of the second camera, for each time that a card is up."""
PROGRAM: Final = SOURCE / "examples" / "screen_recorder" / "screen_recorder.py"


class Scene:
    """Use `scene`."""

    def __init__(self, stack: AsyncExitStack, folder: Path, stage: Stage) -> None:
        self._stack = stack
        self._folder = folder
        self.stage: Final = stage

    async def set_up(self) -> None:
        enter = self._stack.enter_async_context
        self.camera = await enter(Camera(self.stage.display, camera_film(self._folder)))
        self.broker = await self._start_broker()
        self.agents_link = await enter(Link(self.broker.port))
        self.recorders_link = await enter(Link(self.broker.port))
        self.recorder = await self._start_recorder()
        self.agent = await enter(Agent(self.stage, self.agents_link, DN))
        await self.agent.sees(Light.OFF)

    # ---- what people do ---------------------------------------------------------------------

    async def start(self, call: int = CALL) -> None:
        """Until the light says that it is recorded, and until something is."""
        await (await self.agent.desktop()).start(connection_id=call)
        await self.is_recorded()

    async def pause(self, call: int = CALL) -> None:
        """Until the light says PAUSED."""
        await (await self.agent.desktop()).pause(connection_id=call)
        await self.agent.sees(Light.PAUSED)

    async def resume(self, call: int = CALL) -> None:
        """Until it is recorded again."""
        await (await self.agent.desktop()).resume(connection_id=call)
        await self.is_recorded()

    async def is_recorded(self) -> None:
        await self.agent.sees(Light.RECORDING)
        await self.camera.sees(FRAMES_UP)

    async def read_out_card(self) -> None:
        """All of it while the light says PAUSED."""
        self.agent.show_card()
        await self.camera.sees(FRAMES_UP)
        self.agent.hide_card()

    async def telephony(self, dn: str = DN) -> Desktop:
        """Another application, which starts and stops with each call by itself."""
        who = Identity(v1.ROLE_DESKTOP, application_name="telephony")
        connecting = Desktop.connect(
            self.broker.host, self.broker.port, dn, identity=who, limits=PATIENT
        )
        return await self._stack.enter_async_context(await connecting)

    async def call_source(self) -> CallSource:
        who = Identity(v1.ROLE_CALL_SOURCE, application_name="switch")
        opening = Connection.open(self.broker.host, self.broker.port, who, PATIENT)
        source = CallSource(await self._stack.enter_async_context(await opening))
        await source.register()
        return source

    # ---- what goes wrong --------------------------------------------------------------------

    async def restart_broker(self) -> None:
        self.broker = await self._start_broker()
        self.agents_link.broker_port = self.broker.port
        self.recorders_link.broker_port = self.broker.port

    async def restart_recorder(self) -> None:
        self.recorder = await self._start_recorder()

    async def ffmpeg(self) -> int:
        """The process that records now."""
        await until("ffmpeg runs", lambda: len(children_of(self.recorder.pid)) == 1)
        return children_of(self.recorder.pid)[0]

    # ---- inside -----------------------------------------------------------------------------

    async def _start_broker(self) -> Broker:
        # Patient: how fast this machine is decides nothing here.
        broker = Broker("--limits.confirm_timeout=60 s")
        return await self._stack.enter_async_context(broker)

    async def _start_recorder(self) -> Program:
        folder = self._folder / "recorder"
        folder.mkdir(exist_ok=True)
        link = self.recorders_link
        recorder = Program(
            *(sys.executable, str(PROGRAM), link.host, str(link.port), str(folder)),
            *(f"{DN}={self.stage.display}", f"{BLIND_DN}=:99999"),
            *("--frames-per-second=12", "--first-frame-within=60"),
        )
        await self._stack.enter_async_context(recorder)
        await recorder.says("recorder ready")
        return recorder


class CallSource:
    """Tells of calls' ends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def register(self) -> None:
        await self._connection.register([DN])

    async def end(self, call: int) -> None:
        request = v1.RequestEndCall(this_dn=DN, connection_id=call)
        await self._connection._ask_one(v1.Frame(request_end_call=request), "event_ack", None)


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        it = Scene(stack, folder, await stack.enter_async_context(Stage()))
        await it.set_up()
        yield it


def camera_film(folder: Path) -> Path:
    return folder / "camera.ts"


def recorder_films(folder: Path) -> list[Path]:
    """In the order in which they were made."""
    return sorted((folder / "recorder").glob("*.ts"))
