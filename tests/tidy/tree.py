"""The files that git lists, as the rules look at them: text, code, comments, tags."""

from __future__ import annotations

import fnmatch
import functools
import io
import json
import os
import re
import subprocess
import tokenize
from typing import Any, Iterator, NamedTuple

CPP = (".cpp", ".hpp")
CODE = CPP + (".py", ".pyi", ".sh", ".cmake", ".proto", ".def")

# Bytes for fuzz targets, and what tests compare byte by byte: no text that anybody wrote.
NOT_TEXT = ("tests/fuzz/corpus/*", "tests/messages/golden/*", "*.png", "*.svg")

COMMENTS_AND_STRINGS = re.compile(
    r"""//[^\n]*|/\*.*?\*/"""
    r'''|R"(?P<mark>\w*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'''
    r"""|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])'""",
    re.DOTALL,
)


class Fault(NamedTuple):
    """What breaks a rule. `key` is what an exception names beside the path; it may be empty."""

    rule: str
    path: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


def blank(found: re.Match[str]) -> str:
    """Spaces in its place, so that lines keep their numbers."""
    return re.sub(r"[^\n]", " ", found.group(0))


def names(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


class Tree:
    def __init__(self, root: str, files: list[str]) -> None:
        self.root = root
        self.files = sorted(files)
        self.known = set(self.files)
        self.folders = {
            "/".join(parts[:depth])
            for parts in (path.split("/") for path in self.files)
            for depth in range(1, len(parts))
        }

    @classmethod
    def of_git(cls, root: str) -> Tree | None:
        """Nothing where this is no repository (a source archive)."""
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z"],
            capture_output=True,
            text=True,
            check=False,
        )
        files = [path for path in listed.stdout.split("\0") if path]
        # One that is deleted and not yet committed is listed still.
        there = [path for path in files if os.path.lexists(os.path.join(root, path))]
        return cls(root, there) if listed.returncode == 0 and there else None

    def matching(self, *patterns: str) -> list[str]:
        return [path for path in self.files if names(path, patterns)]

    def written(self) -> list[str]:
        """What somebody wrote as text."""
        return [path for path in self.files if not names(path, NOT_TEXT)]

    def sources(self) -> list[str]:
        """Code in whatever language: by its suffix, or by its first line."""
        return [
            path
            for path in self.written()
            if path.endswith(CODE)
            or os.path.basename(path) == "CMakeLists.txt"
            or ("." not in os.path.basename(path) and self.text(path).startswith("#!"))
        ]

    def cpp(self, *folders: str) -> list[str]:
        return [
            path
            for path in self.files
            if path.endswith(CPP) and (not folders or path.split("/")[0] in folders)
        ]

    def size(self, path: str) -> int:
        return os.path.getsize(os.path.join(self.root, path))

    @functools.lru_cache(maxsize=None)
    def text(self, path: str) -> str:
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def lines(self, path: str) -> Iterator[tuple[int, str]]:
        return enumerate(self.text(path).splitlines(), 1)

    @functools.lru_cache(maxsize=None)
    def code(self, path: str) -> str:
        """A C++ file without its comments and strings."""
        return COMMENTS_AND_STRINGS.sub(blank, self.text(path))

    def code_lines(self, path: str) -> Iterator[tuple[int, str]]:
        return enumerate(self.code(path).splitlines(), 1)

    @functools.lru_cache(maxsize=None)
    def comments(self, path: str) -> list[tuple[int, str]]:
        """What is said to people, a line each; of Markdown everything outside of code blocks."""
        if path.endswith(".md"):
            return list(self._prose(path))
        if path.endswith((".py", ".pyi")):
            return list(self._python_comments(path))
        if path.endswith(CPP + (".proto", ".def")):
            return [
                (self.text(path).count("\n", 0, found.start()) + 1, found.group(0))
                for found in COMMENTS_AND_STRINGS.finditer(self.text(path))
                if found.group(0).startswith("/")
            ]
        return [
            (number, found.group(1))
            for number, line in self.lines(path)
            if (found := re.search(r"(?:^|\s)#(.*)", line))
        ]

    def _prose(self, path: str) -> Iterator[tuple[int, str]]:
        in_code = False
        for number, line in self.lines(path):
            if line.lstrip().startswith("```"):
                in_code = not in_code
            elif not in_code:
                yield number, line

    def _python_comments(self, path: str) -> Iterator[tuple[int, str]]:
        for token in tokenize.generate_tokens(io.StringIO(self.text(path)).readline):
            is_text = token.type == tokenize.STRING and token.string.startswith('"""')
            if token.type == tokenize.COMMENT or is_text:
                for offset, line in enumerate(token.string.split("\n")):
                    yield token.start[0] + offset, line

    @functools.cached_property
    def tags(self) -> list[dict[str, Any]]:
        """What ctags says of the C++ files: functions, their declarations, classes."""
        made = subprocess.run(
            ["ctags", "-L", "-", "--languages=C++", "--langmap=C++:+.hpp.cpp", "--kinds-C++=fpcs"]
            + ["--fields=+neKSzasZ", "--fields-C++=+{properties}", "--extras=-F", "--sort=no"]
            + ["--output-format=json", "-f", "-"],
            cwd=self.root,
            input="\n".join(self.cpp()),
            capture_output=True,
            text=True,
            check=True,
        )
        tags = [json.loads(line) for line in made.stdout.splitlines()]
        return [tag for tag in tags if tag["_type"] == "tag"]
