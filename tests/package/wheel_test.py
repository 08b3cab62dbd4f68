#!/usr/bin/env python3
"""The Python client's wheel: built where there is no C++ toolchain, installed, imported.

    wheel_test.py <source tree> <built Python client> <work folder> <version>

Exit status 77 where Debian's tools for wheels are not installed.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

PATIENCE_S = 120


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, **more)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def main():
    source, built, work = (Path(each).resolve() for each in sys.argv[1:4])
    version = sys.argv[4]
    if not all(importlib.util.find_spec(each) for each in ("pip", "setuptools", "wheel")):
        print("skipped: needs python3-pip, python3-setuptools and python3-wheel", file=sys.stderr)
        sys.exit(77)
    shutil.rmtree(work, ignore_errors=True)

    # What git has of the client and the schema; a build writes beside its sources.
    ignored = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    for part in ("client/python", "messages/proto"):
        shutil.copytree(source / part, work / part, ignore=ignored)
    programs = work / "programs" # protoc, and no compiler, no CMake
    programs.mkdir()
    (programs / "protoc").symlink_to(shutil.which("protoc"))
    environment = {"PATH": str(programs), "HOME": str(work)}
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps",
        "--no-build-isolation", "--wheel-dir", work / "wheels", work / "client/python",
        env=environment)
    wheel = work / f"wheels/ringdown-{version}-py3-none-any.whl"
    assert wheel.exists(), f"built: {os.listdir(work / 'wheels')}"

    # It has what the build's own package has, no more and no less.
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
        files = [p for p in built.rglob("*") if p.suffix in (".py", ".pyi", ".typed")]
        wanted = {str(p.relative_to(built)) for p in files}
        assert names == wanted, f"the wheel differs in {sorted(names ^ wanted)}"
        for name in sorted(names):
            assert opened.read(name) == (built / name).read_bytes(), f"{name} differs"

    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target",
        work / "installed", wheel, env=environment)
    asked = ("import importlib.metadata, ringdown, ringdown.v1.ringdown_pb2;"
             "print(ringdown.__file__, importlib.metadata.version('ringdown'))")
    told = run(sys.executable, "-c", asked, cwd="/",
               env=environment | {"PYTHONPATH": str(work / "installed")})
    assert told.split() == [str(work / "installed/ringdown/__init__.py"), version], told

    # Who lacks protoc is told so.
    (programs / "protoc").unlink()
    failed = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-index", "--no-deps", "--no-build-isolation",
         "--wheel-dir", work / "none", work / "client/python"],
        env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    assert failed.returncode != 0, "a wheel without the schema's types"
    assert "protobuf-compiler" in failed.stdout + failed.stderr, failed.stderr
    print("built, installed and imported")


main()
