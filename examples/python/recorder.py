"""A screen recorder on the given DNs: does what it is told and says so. SIGTERM ends it in order.

usage: recorder.py HOST PORT DN...
"""
import asyncio
import signal
import sys
from contextlib import suppress

from ringdown import CaptureState, Recorder, Verb

STATE_AFTER = {
    Verb.START: CaptureState.ENABLED,
    Verb.RESUME: CaptureState.ENABLED,
    Verb.PAUSE: CaptureState.PAUSED,
    Verb.STOP: CaptureState.DISABLED,
}


async def main(host: str, port: int, dns: list[str]) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    states = {dn: CaptureState.DISABLED for dn in dns}
    async with await Recorder.connect(host, port, dns) as recorder:
        print("recorder ready", flush=True)
        async for command in recorder:
            # Here a real recorder starts or stops capturing the screen, and then says what is so.
            state = states[command.dn] = STATE_AFTER.get(command.verb, states[command.dn])
            await recorder.indicate(command, state)
            print(f"{command.dn}: {command.verb.value} -> {state.value}", flush=True)


if __name__ == "__main__":
    with suppress(asyncio.CancelledError):
        asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
