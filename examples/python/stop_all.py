"""Stops all recordings at once, and tells what became of each.

usage: stop_all.py HOST PORT REASON
"""
import asyncio
import sys

from ringdown import Connection, Identity, Light, NotAllGranted, Verb, v1


async def main(host: str, port: int, reason: str) -> None:
    who = Identity(v1.ROLE_SUPERVISOR, application_name="stop-all")
    async with await Connection.open(host, port, who) as floor:
        dns = [one.this_dn async for one in floor.addresses(light=Light.RECORDING)]
        print(f"{len(dns)} DNs record", flush=True)
        if not dns:
            return
        await floor.register(dns)
        try:
            waiting = await floor.command_addresses(dns, Verb.STOP, reason=reason)
        except NotAllGranted as some:
            waiting = some.acks
            for dn, error in some.refused.items():
                print(f"{dn}: refused, {error.error_code} {error.text}")
        while waiting:
            event = await floor.next_event(timeout_s=60)
            if isinstance(event, v1.EventOutcome) and event.this_dn in waiting:
                del waiting[event.this_dn]
                print(f"{event.this_dn}: {v1.Outcome.Name(event.outcome)}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
