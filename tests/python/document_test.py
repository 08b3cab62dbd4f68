"""The programs of docs/python.md, run as they stand there."""
from __future__ import annotations

import pathlib
import re
import signal
import tempfile
import unittest
from contextlib import AsyncExitStack

from harness import PATIENCE_S, SOURCE, AsyncTest, Broker, python
from ringdown import Desktop, Identity, Light, Limits, v1
from tls_case import Authority, Door

PATIENT = Limits(open_timeout_s=PATIENCE_S, request_timeout_s=PATIENCE_S)


def programs() -> dict[str, str]:
    """The document's Python programs by the name that their usage gives them."""
    text = (SOURCE / "docs" / "python.md").read_text(encoding="utf-8")
    found = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return {re.findall(r"^usage: (\S+)", one, re.MULTILINE)[0]: one for one in found}


class Document(AsyncTest):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, text in programs().items():
            (self.folder / name).write_text(text, encoding="utf-8")

    async def test_every_program_of_the_document_is_tested_here_or_is_an_example(self) -> None:
        examples = {path.name: path for path in (SOURCE / "examples" / "python").glob("*.py")}
        self.assertEqual(set(programs()), {*examples, "say.py"})
        for name, path in examples.items():  # two of these play in pairs_test.py too
            self.assertEqual(programs()[name], path.read_text(encoding="utf-8"))
            self.assertLess(len(programs()[name].splitlines()), 40, "short enough to read")

    async def test_an_event_of_ones_own_is_heard_again(self) -> None:
        async with Broker() as broker:
            async with python(self.folder / "say.py", broker, "7001", "hello") as say:
                self.assertEqual(await say.wait(), 0, say.out)
            self.assertIn("7001: 0 recorders, 1 clients", say.out)
            self.assertIn("heard: [('note', 'hello'), ('parts', [('number', 7)", say.out)

    async def test_a_refusal_ends_the_program_with_its_reason(self) -> None:
        async with Broker("--limits.user_data_bytes_max=64") as broker:
            async with python(self.folder / "say.py", broker, "7001", "x" * 64) as say:
                self.assertEqual(await say.wait(), 1)
            self.assertIn("refused: 53: ", say.out)

    async def test_a_recorder_comes_back_and_hears_the_pause_it_missed(self) -> None:
        async with Broker("--limits.heartbeat_interval=1 s") as broker:
            async with python(self.folder / "recorder.py", broker, "7001") as recorder:
                await recorder.says("recorder ready")
                broker.signal(signal.SIGSTOP)
                try:
                    await recorder.says("lost: nothing was heard")
                finally:
                    broker.signal(signal.SIGCONT)
                # The desktop is not to be lost with such a short heartbeat.
                who = Identity(v1.ROLE_DESKTOP, heartbeat_interval_ms=60_000)
                connecting = Desktop.connect(
                    broker.host, broker.port, "7001", identity=who, limits=PATIENT
                )
                async with await connecting as desktop:
                    await desktop.pause()
                    await desktop.wait_for_light(Light.PAUSED)
                await recorder.says("recorder ready", times=2)

    async def test_the_light_is_shown_and_all_that_belongs_beside_it(self) -> None:
        example = SOURCE / "examples" / "python" / "recorder.py"
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            broker = await enter(Broker())
            recorder = await enter(python(example, broker, "7001"))
            await recorder.says("recorder ready")
            light = await enter(python(self.folder / "light.py", broker, "7001"))
            panel = await enter(python(self.folder / "panel.py", broker, "7001"))
            await light.says("off\n")
            await panel.says("light: off\n")
            connecting = Desktop.connect(
                broker.host, broker.port, "7001", agent_id="A-1017", limits=PATIENT
            )
            desktop = await enter(await connecting)
            await desktop.start(connection_id=0x71)
            await light.says("recording\n")
            await desktop.pause(connection_id=0x71, reason="card number")
            await light.says("paused\n")
            await panel.says("  paused by ringdown-python A-1017 since ")
            await panel.says(": card number\n")
            await desktop.start(connection_id=0x72)
            await panel.says("  start waits for ringdown-python's pause\n")
            await desktop.resume(connection_id=0x71)
            await panel.says("light: recording\n", times=2)

    async def test_a_light_is_shown_by_tls(self) -> None:
        authority = Authority()
        self.addCleanup(authority.close)
        own = authority.issue("broker")
        token = self.folder / "token"
        token.write_text("a-token\n")
        example = SOURCE / "examples" / "python" / "recorder.py"
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            broker = await enter(Broker())
            door = await enter(Door(broker, own))
            recorder = await enter(python(example, broker, "7001"))
            await recorder.says("recorder ready")
            files = (authority.file, str(token))
            light = await enter(python(self.folder / "secure_light.py", door, "7001", *files))
            await light.says("off\n")

    async def test_all_recordings_are_stopped_at_once(self) -> None:
        example = SOURCE / "examples" / "python" / "recorder.py"
        dns = ["7001", "7002", "7003"]
        async with Broker() as broker:
            async with python(self.folder / "stop_all.py", broker, "drill") as stop:
                self.assertEqual(await stop.wait(), 0, stop.out)
            self.assertEqual(stop.out, "0 DNs record\n")
            async with python(example, broker, *dns) as recorder:
                await recorder.says("recorder ready")
                for dn in dns[:2]:
                    connecting = Desktop.connect(broker.host, broker.port, dn, limits=PATIENT)
                    async with await connecting as desktop:
                        await desktop.start()
                        await desktop.wait_for_light(Light.RECORDING)
                async with python(self.folder / "stop_all.py", broker, "drill") as stop:
                    self.assertEqual(await stop.wait(), 0, stop.out)
                told = sorted(stop.out.splitlines())
                self.assertEqual(
                    told, ["2 DNs record", *(f"{dn}: confirmed" for dn in dns[:2])]
                )


if __name__ == "__main__":
    unittest.main()
