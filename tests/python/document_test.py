"""The programs of docs/python.md, run as they stand there."""
from __future__ import annotations

import pathlib
import re
import signal
import tempfile
import unittest

from harness import PATIENCE_S, SOURCE, AsyncTest, Broker, python
from ringdown import Desktop, Identity, Light, Limits, v1

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
        self.assertEqual(set(programs()), {*examples, "say.py", "steady_recorder.py"})
        for name, path in examples.items():  # these play in pairs_test.py
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
            async with python(self.folder / "steady_recorder.py", broker, "7001") as recorder:
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


if __name__ == "__main__":
    unittest.main()
