#!/usr/bin/env python3
"""Does what packaging/Containerfile says, without a container engine.

    container_test.py <source tree> <folder with packages> <work folder>

The image's own stage is played on a bare machine (bare_machine.py) with the packages of this build;
of the stage that builds them is looked at what it copies, installs and calls. Exit status 77 where
no such machine can be made.
"""

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE_S = 60
INSTALLED = ("ringdown", "ringdown-bench", "ringdown-examples")
# apt-get has no network here: what it would download of Debian, the machine has already.
APT_GET = """#!/bin/sh
set -e
[ "$1" = install ] || exit 0
for each; do case $each in *.deb) set -- "$@" "$each" ;; esac; shift; done
exec dpkg -i "$@"
"""


def steps(path):
    """Its instructions: (word, rest), with continued lines joined."""
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]


def stages(path):
    found = []
    for word, rest in steps(path):
        if word == "FROM":
            found.append((rest, []))
        else:
            found[-1][1].append((word, rest))
    return found


def look_at_build(source, instructions):
    """Each file is there, each package has its reason, the preset is known."""
    known = {
        line.split()[1]
        for line in (source / "scripts/packages.txt").read_text().splitlines()
        if line and not line.startswith("#")
    }
    presets = json.loads((source / "CMakePresets.json").read_text())["workflowPresets"]
    for word, rest in instructions:
        if word == "COPY":
            for each in rest.split()[:-1]:
                assert (source / each).exists(), f"COPY {each}: no such file"
        for command in re.split("&&", rest if word == "RUN" else ""):
            words = command.split()
            if words[:2] == ["apt-get", "install"]:
                named = re.sub(r"\$\(.*\)", "", command).split()[2:]
                unknown = {each for each in named if each[0] != "-"} - known
                assert not unknown, f"not in scripts/packages.txt: {unknown}"
                listed = re.search(r"\$\((.*)\)", command)[1]
                made = subprocess.run(["sh", "-c", listed], cwd=source, text=True, check=True,
                                      capture_output=True).stdout.split()
                assert "cmake" in made and set(made) <= known, made
            if words and words[0] == "cmake":
                assert words[-1] in {each["name"] for each in presets}, command


class Image:
    """A folder to which instructions are done."""

    def __init__(self, root):
        self.root = root
        self.environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/"}
        self.user = "root:root"
        # With /proc, in a mount namespace that ends with the command; most needs none.
        mount = 'mount -t proc proc "$0/proc" && exec "$@"'
        self.mounting = ["unshare", "--mount", "sh", "-c", mount, str(root)]
        if subprocess.run([*self.mounting, "true"], capture_output=True).returncode:
            self.mounting = []

    def command(self, *words):
        chroot = ["chroot", f"--userspec={self.user}", str(self.root), *words]
        return [*self.mounting, *chroot]

    def run(self, *words):
        done = subprocess.run(self.command(*words), env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def do(self, word, rest, packages):
        """Returns what the container starts with, at CMD."""
        if word == "COPY":
            match = re.fullmatch(r"--from=build \S+/(\*\.deb) (/\S+/)", rest)
            assert match, f"COPY {rest}"
            folder = self.root / match[2].lstrip("/")
            folder.mkdir(parents=True)
            for package in packages.glob(match[1]):
                shutil.copy(package, folder)
        elif word == "RUN":
            self.run("sh", "-c", rest)
        elif word == "ENV":
            self.environment.update([rest.split("=", 1)])
        elif word == "USER":
            self.user = rest
        elif word == "CMD":
            return json.loads(rest)
        else:
            assert word in ("VOLUME", "EXPOSE", "STOPSIGNAL"), word
        return None

    def daemon(self, words):
        """It starts as it does in a container, answers, and ends in order."""
        log = open(self.root.parent / "daemon", "w+")
        child = subprocess.Popen(self.command(*words, "--listen.port=0"), env=self.environment,
                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            port, deadline = None, time.monotonic() + PATIENCE_S
            while not port:
                assert time.monotonic() < deadline and child.poll() is None, \
                    Path(log.name).read_text()
                port = re.search(r" listening .*port=(\d+)", Path(log.name).read_text())
                time.sleep(0.05)
            self.run("ringdown", "--connect", f"127.0.0.1:{port[1]}", "info")
            child.send_signal(signal.SIGTERM)
            assert child.wait(PATIENCE_S) == 0, Path(log.name).read_text()
        finally:
            child.kill()
            child.wait()
            log.close()


def main():
    source, packages, work = (Path(each).resolve() for each in sys.argv[1:4])
    if not packages.is_dir():
        print("skipped: no packages were made here")
        sys.exit(77)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (_, building), (_, instructions) = stages(source / "packaging/Containerfile")
    look_at_build(source, building)

    wanted = [next(packages.glob(f"{name}_*.deb")) for name in INSTALLED]
    here = Path(__file__).parent
    made = subprocess.run([sys.executable, "-B", here / "bare_machine.py", work / "image", *wanted])
    if made.returncode:
        sys.exit(made.returncode)
    image = Image(work / "image")
    apt_get = image.root / "usr/local/bin/apt-get"
    apt_get.parent.mkdir(parents=True, exist_ok=True)
    apt_get.write_text(APT_GET)
    apt_get.chmod(0o755)
    start = None
    for word, rest in instructions:
        start = image.do(word, rest, packages) or start
    assert image.user != "root:root", "the daemon runs as root"
    image.daemon(start)
    assert list(image.root.glob("var/lib/ringdown/*")), "nothing is kept of the state"
    if not image.mounting:
        print("skipped: the demonstration needs /proc, and nothing may be mounted here")
        sys.exit(77)
    told = image.run("/usr/share/ringdown/scripts/demo.sh", "--installed")
    assert "every one delivered once" in told, told
    print("built, started, and demonstrated")
    shutil.rmtree(image.root)


main()
