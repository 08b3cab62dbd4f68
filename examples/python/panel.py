"""Shows all that an agent should see of a screen, each time that anything of it changes.

usage: panel.py HOST PORT DN
"""
import asyncio
import sys
from datetime import datetime

from ringdown import Shown, SteadyDesktop


def show(shown: Shown) -> None:
    print(f"light: {shown.light.value}", flush=True)
    for pause in shown.pauses:
        since = datetime.fromtimestamp(pause.since_time_us / 1_000_000)
        who = " ".join(filter(None, (pause.application_name, pause.agent_id)))
        gone = " (gone)" if pause.holder_gone else ""
        print(f"  paused by {who}{gone} since {since:%H:%M:%S}: {pause.reason}", flush=True)
    for command in shown.waiting:
        whose = "" if command.behind is None else f" for {command.behind.application_name}'s pause"
        print(f"  {command.verb.value} waits{whose}", flush=True)
    for alarm in shown.alarms:
        print(f"  ALARM: {alarm.reason.value}", flush=True)


async def main(host: str, port: int, dn: str) -> None:
    async with SteadyDesktop([(host, port)], dn) as desktop:
        async for shown in desktop.changes():
            show(shown)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
