"""An agent's desktop: records, pauses while a card number is read out, and watches the light.

usage: desktop.py HOST PORT DN
"""
import asyncio
import sys

from ringdown import Light, Outcome, SteadyDesktop


async def main(host: str, port: int, dn: str) -> None:
    async with SteadyDesktop([(host, port)], dn, agent_id="A-1017") as desktop:

        async def show(light: Light) -> None:
            await desktop.wait_for_light(light)  # what the recorder says, not what we asked for
            print(f"light: {light.value}", flush=True)

        await desktop.wait_until_registered()
        await desktop.start()
        await show(Light.RECORDING)
        pause = await desktop.pause(reason="card number", confirm_timeout_s=5.0)
        outcome = await desktop.outcome(pause)
        if outcome.outcome is not Outcome.CONFIRMED:
            print(f"do not read the number out: {outcome.outcome.value}", flush=True)
        await show(Light.PAUSED)
        await desktop.resume()
        await show(Light.RECORDING)
        print(f"asked: {(await desktop.query()).value}")
        await desktop.stop()
        await show(Light.OFF)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
