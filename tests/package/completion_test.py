"""What the shells complete, against what the programs say of themselves: all of it, and no more.

usage: completion_test.py FOLDER EXAMPLE PROGRAM...

FOLDER has NAME.bash, NAME.zsh and NAME.fish for each program; EXAMPLE is the example configuration.
zsh and fish are asked if they are installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import unittest

FOLDER, EXAMPLE, *PROGRAMS = sys.argv[1:] if len(sys.argv) > 3 else ("", "")


def said(program: str, *arguments: str) -> str:
    made = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
    return made.stdout


class Words:
    """What a program knows: verbs, flags of each, values of a flag where it lists them."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.name = os.path.basename(program)
        help_text = said(program, "--help")
        listed = help_text.partition("\nSubcommands:\n")[2].partition("\n\n")[0]
        self.verbs = re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE)
        self.flags: dict[str, list[str]] = {"": self.flags_of(help_text)}
        self.values: dict[tuple[str, str], list[str]] = {}
        for verb in ["", *self.verbs]:
            own = said(program, *([verb] if verb else []), "--help")
            self.flags[verb] = self.flags_of(own)
            for flag, words in re.findall(r"^  (--[\w.-]+) TEXT:\{(.*?)\}", own, re.MULTILINE):
                self.values[verb, flag] = words.split(",")

    def flags_of(self, text: str) -> list[str]:
        heads = re.findall(r"^  (-\S.*?)(?:  |$)", text, re.MULTILINE)
        plain = " ".join(head.partition(" Excludes:")[0] for head in heads)
        return re.findall(r"(?<![\w-])--[a-z][\w.-]*", plain)


def keys_with_words() -> dict[str, list[str]]:
    """The flags of configuration keys that take one of some words."""
    found: dict[str, list[str]] = {}
    section, comment = "", ""
    with open(EXAMPLE, encoding="utf-8") as file:
        for line in file:
            if line.startswith("["):
                section = line.strip("[]\n")
            elif line.startswith("# "):
                comment += line[1:].rstrip("\n")
            elif match := re.match(r"#(\w+) = ", line):
                if words := re.search(r"Accepted: one of ([a-z0-9_., ]+)\.", comment):
                    found[f"--{section}.{match.group(1)}"] = words.group(1).split(", ")
                comment = ""
    return found


def in_bash(words: Words, lines: list[list[str]]) -> list[list[str]]:
    """What is offered for the last word of each line."""
    function = "_" + words.name.replace("-", "_")
    script = f'source "{FOLDER}/{words.name}.bash"\n'
    for line in lines:
        array = " ".join("'" + word + "'" for word in [words.name, *line])
        script += f"COMP_WORDS=({array}); COMP_CWORD={len(line)}; {function} {words.name}\n"
        script += 'echo "${COMPREPLY[*]}"\n'
    made = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return [line.split() for line in made.stdout.split("\n")[:-1]]


def in_fish(words: Words, lines: list[list[str]]) -> list[list[str]]:
    script = f'source "{FOLDER}/{words.name}.fish"\n'
    for line in lines:
        script += f"complete -C '{words.name} {' '.join(line)}'\necho --END--\n"
    made = subprocess.run(
        ["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True
    )
    parts = made.stdout.split("--END--\n")[:-1]
    return [[line.split("\t")[0] for line in part.splitlines()] for part in parts]


def in_zsh(words: Words, verb: str) -> list[str]:
    """What is said to `_arguments` behind a verb."""
    script = '_arguments() { print -rl -- "$@" }\n'
    script += f'words=({words.name} {verb} ""); CURRENT=$#words\n'
    script += f'source "{FOLDER}/{words.name}.zsh"\n'
    made = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, check=True)
    return made.stdout.splitlines()


class Completion(unittest.TestCase):
    def setUp(self) -> None:
        self.all = [Words(program) for program in PROGRAMS]

    def test_bash_and_fish_offer_verbs_flags_and_values_and_nothing_else(self) -> None:
        shells = [in_bash] + ([in_fish] if shutil.which("fish") else [])
        for shell in shells:
            for words in self.all:
                lines: list[list[str]] = []
                expected: list[list[str]] = []
                if words.verbs:
                    lines.append([""])
                    expected.append(words.verbs)
                for verb, flags in words.flags.items():
                    lines.append([*verb.split(), "--"])
                    expected.append([*words.flags[""], *flags])
                for (verb, flag), values in words.values.items():
                    lines.append([*verb.split(), flag, ""])
                    expected.append(values)
                for line, offered, right in zip(lines, shell(words, lines), expected, strict=True):
                    with self.subTest(shell=shell.__name__, program=words.name, line=line):
                        plain = {word.rstrip("=") for word in offered}
                        self.assertEqual(plain, set(right))

    def test_zsh_is_told_of_all_verbs_flags_and_values(self) -> None:
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        for words in self.all:
            for verb, flags in words.flags.items():
                with self.subTest(program=words.name, verb=verb):
                    specs = in_zsh(words, verb)
                    told = re.findall(r"^\*(--[\w.-]+)", "\n".join(specs), re.MULTILINE)
                    self.assertEqual(set(told), {*words.flags[""], *flags})
                    offered = re.findall(r'[( ]([a-z-]+)\\:"', "\n".join(specs))
                    self.assertEqual(offered, words.verbs)
            for (verb, flag), values in words.values.items():
                spec = next(x for x in in_zsh(words, verb) if x.startswith(f"*{flag}="))
                self.assertTrue(spec.endswith(f":({' '.join(values)})"), spec)

    def test_keys_of_the_daemon_offer_their_words(self) -> None:
        daemon = next(words for words in self.all if words.name == "ringdownd")
        keys = keys_with_words()
        self.assertIn("--runtime.scheduler", keys)
        lines = [[key, "=", ""] for key in keys]
        for key, offered in zip(keys, in_bash(daemon, lines), strict=True):
            self.assertEqual(offered, keys[key], key)
        if shutil.which("fish"):
            lines = [[f"{key}="] for key in keys]
            for key, offered in zip(keys, in_fish(daemon, lines), strict=True):
                plain = [word.removeprefix(f"{key}=") for word in offered]
                self.assertEqual(sorted(plain), sorted(keys[key]), key)

    def test_bash_takes_words_apart_as_it_finds_them(self) -> None:
        tool, bench, daemon = (
            next(words for words in self.all if words.name == name)
            for name in ("ringdown", "ringdown-bench", "ringdownd")
        )
        cases = [
            (tool, ["de"], ["desktop"]),
            (tool, ["--app", "send", "desktop", "--mo"], ["--mode"]),  # a value is no verb
            (tool, ["desktop", "--role", "=", "sup"], ["supervisor"]),
            (tool, ["desktop", "--role", "="], ["desktop", "supervisor", "admin", "call_source"]),
            (tool, ["desktop", "--dn", ""], []),  # which nobody knows
            (tool, ["error", "no_q"], ["no_queue_space"]),
            (tool, ["error", "119"], ["119"]),
            (bench, ["run", "--workload", "fan"], ["fan-out"]),
            (bench, ["run", "--arrival", "p"], ["poisson"]),
            (bench, ["compare", "--peers", "red"], ["redis"]),
            (daemon, ["--listen.po"], ["--listen.port="]),
            (daemon, ["--config", EXAMPLE[:-3]], [EXAMPLE]),
        ]
        for words, line, expected in cases:
            with self.subTest(program=words.name, line=line):
                self.assertEqual(in_bash(words, [line]), [expected])


if __name__ == "__main__":
    if not PROGRAMS:
        sys.exit(__doc__)
    unittest.main(argv=sys.argv[:1])
