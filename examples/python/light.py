"""Shows what is recorded of a DN's screen: recording, paused, off, or unknown.

usage: light.py HOST PORT DN
"""
import asyncio
import sys

from ringdown import SteadyDesktop


async def main(host: str, port: int, dn: str) -> None:
    async with SteadyDesktop([(host, port)], dn) as desktop:
        async for light in desktop.lights():
            print(light.value, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
