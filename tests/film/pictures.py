"""Makes the pictures of README.md. usage: pictures.py FOLDER, in the environment of test `film`."""
from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from frames import look_at, save_display, save_frame
from ringdown import Light
from scene import FRAMES_UP, Scene, recorder_films, scene


async def with_pause(it: Scene, shown: Path) -> None:
    """What the agent has on the screen while the recorder's film ends before it."""
    await it.pause()
    it.agent.show_card()
    await asyncio.to_thread(save_display, it.stage.display, shown)
    it.agent.hide_card()


async def without_pause(it: Scene) -> None:
    """The control: the same card while the light says RECORDING."""
    it.stage.show_card()
    await it.camera.sees(FRAMES_UP)


async def main(pictures: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with scene(Path(name)) as it:
            await it.start()
            await with_pause(it, pictures / "film-shown.png")
        save_last_frame(Path(name), pictures / "film-recorded.png")
    with tempfile.TemporaryDirectory() as name:
        async with scene(Path(name)) as it:
            await it.start()
            await without_pause(it)
            await (await it.agent.desktop()).stop(connection_id=0)
            await it.agent.sees(Light.OFF)
        save_last_frame(Path(name), pictures / "film-control.png")


def save_last_frame(folder: Path, picture: Path) -> None:
    [film] = recorder_films(folder)
    save_frame(film, look_at([film]).total - 1, picture)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
