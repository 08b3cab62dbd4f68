"""Stops all recordings at once, and tells what became of each.

usage: stop_all.py HOST PORT REASON
"""
import asyncio
import sys

from ringdown import Connection, Identity, Light, NotAllGranted, Outcome, Verb, v1


async def hear(floor: Connection, outcomes: asyncio.Queue[v1.EventOutcome]) -> None:
    async for event in floor:  # all the time: of what nobody takes not all is kept
        if isinstance(event, v1.EventOutcome):
            outcomes.put_nowait(event)


async def main(host: str, port: int, reason: str) -> None:
    who = Identity(v1.ROLE_SUPERVISOR, application_name="stop-all")
    async with await Connection.open(host, port, who) as floor, asyncio.TaskGroup() as tasks:
        outcomes: asyncio.Queue[v1.EventOutcome] = asyncio.Queue()
        hearing = tasks.create_task(hear(floor, outcomes))
        dns = [one.this_dn async for one in floor.addresses(light=Light.RECORDING)]
        print(f"{len(dns)} DNs record", flush=True)
        if dns:
            await floor.register(dns)
            try:
                accepted = await floor.command_addresses(dns, Verb.STOP, reason=reason)
            except NotAllGranted as some:
                accepted = some.acks
                for dn, error in some.refused.items():
                    print(f"{dn}: refused, {error.error_code} {error.text}", flush=True)
            for _ in accepted:
                one = await outcomes.get()
                print(f"{one.this_dn}: {Outcome.of(one.outcome).value}", flush=True)
        hearing.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
