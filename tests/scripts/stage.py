"""A copy of scripts/ in a folder of its own, where nothing is installed or built: the package
manager, CMake and the programs are small scripts that write down who they are, and wait or end as
told."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
PATIENCE_S = 60  # a hang is a failure; no test asserts a time

# Each begins with this: the stage knows whom it must not leave behind.
BEGIN = '#!/bin/bash\necho "$$ ${0##*/} $*" >>"$STAGE/started"\n'

# Ends at a signal, whatever was ignored when it began, with a status that looks like success: so do
# the real ones.
WAITS = "trap 'exit 0' INT TERM\nwhile :; do sleep 0.05; done\n"

PROGRAMS = {
    "fake/dpkg-query": 'for each in "${@:4}"; do echo "installed $each"; done\n',
    "fake/cmake": '[[ $1 != --build ]] || ((BUILD_HANGS == 0)) || { sleep 1000 & wait; }\n',
    "build/release/bin/ringdownd": """
for each; do
    [[ $each != --log.file=* ]] || log=${each#*=}
done
echo "2026-01-31 12:00:00.000 INFO  broker     listening  port=7480" >>"$log"
"""
    + WAITS,
    "build/release/bin/ringdown": """
[[ $* != *" info"* ]] || exit 0
if [[ $* == *" recorder "* ]]; then
    echo "<- EventRegistered dn=7001"
else
    ((DESKTOP_HANGS == 0)) || touch "$STAGE/desktop"
    echo "<- EventOutcome dn=7001 pause timed_out [video-3 silent]"
    echo "<- EventOutcome dn=7001 start held seq=18 version=8 connection=0000000000000072" \\
        "holder=desktop reason=a-card-number-is-shown recorders=one,two,three state=paused"
    ((DESKTOP_HANGS == 1)) || exit 0
fi
"""
    + WAITS,
    "build/release/bin/ringdown-bench": """
echo "events/s 2,500,000"
echo "a line of the report, as wide as the report's lines are: $(printf 'word %.0s' {1..16})"
""",
}


class Stage:
    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ringdown-scripts-"))
        shutil.copytree(SOURCE / "scripts", self.folder / "scripts")
        for path, text in PROGRAMS.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(BEGIN + text, encoding="utf-8")
            file.chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{self.folder}/fake:{os.environ['PATH']}",
            "STAGE": str(self.folder),
            "DESKTOP_HANGS": "0",
            "BUILD_HANGS": "0",
            "TERM": "xterm",
        }
        for name in ("NO_COLOR", "COLUMNS"):
            self.environment.pop(name, None)
        self.environment |= settings
        self.said = b""

    def close(self) -> None:
        for process in self.alive():
            os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.folder)

    def start(self, script: str, columns: int = 60) -> None:
        """On a terminal of its own, as its foreground: Ctrl-C is for all of its processes."""
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            subprocess.run(["stty", "cols", str(columns), "rows", "24"], check=False)
            path = str(self.folder / "scripts" / script)
            os.execve(path, [path], self.environment)
        os.set_blocking(self.terminal, False)

    def read(self) -> bool:
        """What was said since; false when nobody is left who could say more."""
        try:
            self.said += os.read(self.terminal, 65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def until(self, what: str, done: object) -> None:
        assert callable(done)
        end = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < end, f"not {what}: {self.text()}"
            self.read()
            time.sleep(0.02)

    def status(self) -> int:
        """Of the script, when it has ended."""
        ended: list[int] = []

        def has_ended() -> bool:
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                ended.append(os.waitstatus_to_exitcode(status))
            return bool(process)

        self.until("ended", has_ended)
        while self.read():
            pass
        os.close(self.terminal)
        return ended[0]

    def interrupt(self) -> None:
        """Ctrl-C."""
        os.write(self.terminal, b"\x03")

    def text(self) -> str:
        return self.said.decode(errors="replace").replace("\r\n", "\n")

    def alive(self) -> list[int]:
        """Who was started and still runs. A stage is young: numbers do not come back so soon."""
        started = self.folder / "started"
        lines = started.read_text(encoding="utf-8").splitlines() if started.exists() else []
        return [process for line in lines if is_alive(process := int(line.split()[0]))]


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except FileNotFoundError:
        return False
    return state.split()[0] != "Z"
