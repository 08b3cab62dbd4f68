"""A screen recorder on the given DNs: does what it is told and says so. SIGTERM ends it in order.

usage: recorder.py HOST PORT DN...
"""
import asyncio
import signal
import sys
from contextlib import suppress

from ringdown import CaptureState, LinkChange, Order, SteadyRecorder


async def main(host: str, port: int, dns: list[str]) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    screens = {dn: CaptureState.DISABLED for dn in dns}

    def do(order: Order) -> CaptureState:  # on a thread: it may block
        if order.screen is not None:  # else it is only asked what is so
            # Here a real recorder begins, holds or ends its video: what the screen is to be.
            screens[order.dn] = order.screen
        state = screens[order.dn]
        print(f"{order.dn}: {order.verb.value} -> {state.value} ({order.cause.value})", flush=True)
        return state

    def tell(link: LinkChange) -> None:
        print("recorder ready" if link.stands else f"lost: {link.error}", flush=True)

    async with SteadyRecorder([(host, port)], dns, on_link=tell) as recorder:
        await recorder.run(do)  # until it is cancelled, or taken over


if __name__ == "__main__":
    with suppress(asyncio.CancelledError):
        asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
