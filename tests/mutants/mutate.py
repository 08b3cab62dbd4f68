#!/usr/bin/env python3
"""Plants each fault of mutants.py in a copy of the repository, and says which test finds it.

usage: mutate.py --check ROOT
       mutate.py --table ROOT
       mutate.py [--only NAME]... [--jobs N] ROOT

--check only looks whether each fault can be planted: its text occurs once, its test is there.
--table prints the list as it stands in tests/README.md.
Without it the copy, build/mutants below ROOT, is built and tested without a fault and then with
each. ROOT itself is never changed. Exit status: 0 every fault is found, or can be planted.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator

from mutants import MUTANTS, Mutant

# A test that hangs has found the fault, too: so long after its like would have passed.
TEST_SECONDS_MAX = 120


# ---- whether they can be planted -------------------------------------------------------------


def test_programs(root: Path) -> set[str]:
    found: set[str] = set()
    for path in (root / "tests").glob("**/CMakeLists.txt"):
        found.update(re.findall(r"^ringdown_test\((\w+)", path.read_text(), re.MULTILINE))
    return found


def unfit(root: Path, mutants: list[Mutant]) -> Iterator[str]:
    """What is wrong with the list, a line for each."""
    programs = test_programs(root)
    names = [each.name for each in mutants]
    for each in mutants:
        path = root / each.path
        times = path.read_text().count(each.before) if path.is_file() else 0
        if times != 1:
            yield f"{each.name}: its text occurs {times} times in {each.path}, and must once"
        if each.before == each.after:
            yield f"{each.name}: changes nothing"
        if each.found_by not in programs:
            yield f"{each.name}: there is no test program {each.found_by}"
        if names.count(each.name) != 1:
            yield f"{each.name}: two faults have this name"


# ---- what is told of them --------------------------------------------------------------------


def table(mutants: list[Mutant]) -> str:
    """The table of tests/README.md."""
    rows = [f"| `{m.name}` | {m.plants} | `{m.found_by}` |" for m in mutants]
    return "\n".join(["| fault | what it plants | found by |", "|---|---|---|", *rows])


def result(found: int, of: int) -> str:
    """The line of tests/README.md that says what became of all of them."""
    return f"Last whole run: {found} of {of} found."


NO_RESULT = "Last whole run: none of this list yet."


# ---- the copy --------------------------------------------------------------------------------


def listed(root: Path) -> list[str]:
    """All files of the repository, the changed and the new ones as they are."""
    git = ["git", "-C", str(root), "-c", "safe.directory=*"]
    command = [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    out = subprocess.run(command, check=True, capture_output=True)
    return [path for path in out.stdout.decode().split("\0") if (root / path).is_file()]


def refresh(root: Path, copy: Path) -> None:
    """Makes the copy what the repository is. What is the same keeps its time, and is not built."""
    wanted = set(listed(root))
    for path in list(copy.glob("**/*")):
        name = str(path.relative_to(copy))
        if path.is_file() and not name.startswith("build/") and name not in wanted:
            path.unlink()
    for name in wanted:
        source, target = root / name, copy / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        target.chmod(source.stat().st_mode)


# ---- building and testing --------------------------------------------------------------------


class Workshop:
    def __init__(self, root: Path, jobs: int) -> None:
        self.copy = root / "build" / "mutants"
        self.jobs = jobs
        self.environment = {**os.environ, "CCACHE_BASEDIR": str(self.copy)}
        refresh(root, self.copy)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.copy,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )

    def build(self, programs: list[str]) -> str:
        """What the compiler complains of; empty if it does not."""
        build = ["cmake", "--build", "--preset", "dev", "-j", str(self.jobs), "--target"]
        for command in (["cmake", "--preset", "dev"], [*build, *programs]):
            done = self.run(*command)
            if done.returncode != 0:
                return done.stdout
        return ""

    def test(self, program: str) -> str:
        """Which test case fails; empty if none does."""
        done = self.run(
            "ctest",
            "--test-dir",
            "build/dev",
            "--output-on-failure",
            "--no-tests=error",
            "--timeout",
            str(TEST_SECONDS_MAX),
            "-R",
            f"^{program}$",
        )
        return "" if done.returncode == 0 else failed_case(done.stdout)

    def fate(self, each: Mutant) -> tuple[bool, str]:
        """Whether it is found, and by which test case."""
        path = self.copy / each.path
        sound = path.read_text()
        path.write_text(sound.replace(each.before, each.after))
        try:
            if complaint := self.build([each.found_by]):
                errors = [line for line in complaint.splitlines() if "error" in line]
                return False, "does not build: " + (errors or ["?"])[0]
            case = self.test(each.found_by)
            return case != "", case or "SURVIVES"
        finally:
            path.write_text(sound)


def failed_case(output: str) -> str:
    """The first test case that Catch says has failed."""
    if "***Timeout" in output:
        return "(it runs into its time limit)"
    found = re.search(r"^-{60,}\n(.+?)\n-{60,}\n", output, re.MULTILINE | re.DOTALL)
    return " ".join(found.group(1).split()) if found else "(it ends without a word)"


def hunt(root: Path, mutants: list[Mutant], jobs: int) -> int:
    shop = Workshop(root, jobs)
    programs = sorted({each.found_by for each in mutants})
    if complaint := shop.build(programs):
        print(complaint, file=sys.stderr)
        return 1
    for program in programs:
        if case := shop.test(program):
            print(f"without any fault {program} fails: {case}", file=sys.stderr)
            return 1
    print("| fault | found by |\n|---|---|", flush=True)
    found = 0
    for each in mutants:
        is_found, case = shop.fate(each)
        found += is_found
        words = f"{each.found_by}: {case}" if is_found else case
        print(f"| {each.name} | {words} |", flush=True)
    is_whole = len(mutants) == len(MUTANTS)
    print("\n" + result(found, len(mutants)) if is_whole else f"\n{found} of {len(mutants)} found.")
    return 0 if found == len(mutants) else 1


def main() -> int:
    parser = argparse.ArgumentParser(usage=(__doc__ or "").split("usage: ")[1])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("root", type=Path)
    asked = parser.parse_args()
    root = asked.root.resolve()
    if unknown := set(asked.only) - {each.name for each in MUTANTS}:
        print(f"no fault has the name {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    if asked.table:
        print(table(MUTANTS))
        return 0
    faults = list(unfit(root, MUTANTS))
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults or asked.check:
        print(f"{len(MUTANTS)} faults, {len(faults)} mistakes in the list")
        return 1 if faults else 0
    wanted = [each for each in MUTANTS if not asked.only or each.name in asked.only]
    return hunt(root, wanted, asked.jobs)


if __name__ == "__main__":
    sys.exit(main())
