"""How files look from outside: which there are, how long, how wide."""

from __future__ import annotations

import ast
import re
from typing import Iterator

from tree import Fault, Tree

LINES_MAX = 500
FUNCTION_LINES_MAX = 70
CLASS_FUNCTIONS_MAX = 40
CODE_COLUMNS_MAX = 100
DOCS_COLUMNS_MAX = 120

AT_THE_ROOT = {
    ".clang-format",
    ".clang-tidy",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "CMakeLists.txt",
    "CMakePresets.json",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
}
# A file of another kind is a stray one, or a kind to add here.
KINDS = re.compile(
    r"\.(cpp|hpp|py|pyi|md|sh|cmake|in|def|proto|dict|ini|json|toml|yml|png|svg|typed)$"
    r"|(^|/)(CMakeLists|packages|instructions|schema|messages)\.txt$"
    r"|^\.ci/run$|^packaging/(copyright|Containerfile)$|\.lintian-overrides$|^tests/fuzz/corpus/"
)


def files(tree: Tree) -> Iterator[Fault]:
    for path in tree.files:
        if tree.size(path) == 0:
            yield Fault("files", path, 1, "empty", "an empty file")
        if "/" not in path:
            if path not in AT_THE_ROOT:
                yield Fault("files", path, 1, "", "nobody expects this file at the root")
        elif not KINDS.search(path):
            yield Fault("files", path, 1, "", "no kind of file that this repository has")


def python_functions(path: str, text: str) -> Iterator[Fault]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield from too_long(path, node.lineno, node.name, lines)
        elif isinstance(node, ast.ClassDef):
            count = sum(
                isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) for each in node.body
            )
            yield from too_many(path, node.lineno, node.name, count)


def blocks(tree: Tree, path: str, begins: str) -> Iterator[Fault]:
    """Functions that begin with some word and end with a brace in the first column."""
    begin, name = 0, ""
    for number, line in tree.lines(path):
        if found := re.match(begins, line):
            begin, name = number, found.group(1)
        if line == "}" and begin > 0:
            yield from too_long(path, begin, name, number - begin + 1)
            begin = 0


def too_long(path: str, line: int, name: str, lines: int) -> Iterator[Fault]:
    if lines > FUNCTION_LINES_MAX:
        text = f"{name} has {lines} lines; a function fits a screen, {FUNCTION_LINES_MAX}"
        yield Fault("length", path, line, name, text)


def too_many(path: str, line: int, name: str, functions: int) -> Iterator[Fault]:
    if functions > CLASS_FUNCTIONS_MAX:
        text = f"{name} has {functions} functions; a class has {CLASS_FUNCTIONS_MAX} at most"
        yield Fault("length", path, line, name, text)


def cpp_classes(tree: Tree) -> Iterator[Fault]:
    functions: dict[tuple[str, str], list[int]] = {}
    for tag in tree.tags:
        if tag["kind"] in ("function", "prototype"):
            functions.setdefault((tag["path"], tag.get("scope", "")), []).append(tag["line"])
    for tag in tree.tags:
        if tag["kind"] not in ("class", "struct") or "end" not in tag:
            continue
        scope = tag.get("scope")
        name = f"{scope}::{tag['name']}" if scope else tag["name"]
        own = functions.get((tag["path"], name), [])
        count = sum(tag["line"] <= line <= tag["end"] for line in own)
        yield from too_many(tag["path"], tag["line"], tag["name"], count)


def length(tree: Tree) -> Iterator[Fault]:
    for path in tree.sources():
        lines = tree.text(path).count("\n")
        if lines > LINES_MAX:
            text = f"{lines} lines; a file has {LINES_MAX} at most"
            yield Fault("length", path, LINES_MAX + 1, "file", text)
        if path.endswith(".py"):
            yield from python_functions(path, tree.text(path))
        elif path.endswith(".cpp"):
            yield from blocks(tree, path, r'(?:TEMPLATE_)?TEST_CASE(?:_METHOD)?\(.*?"(.*?)"')
        elif not path.endswith(".hpp"):
            yield from blocks(tree, path, r"(\w+)\(\) \{$")
    for tag in tree.tags:
        if tag["kind"] == "function" and "end" in tag:
            lines = tag["end"] - tag["line"] + 1
            yield from too_long(tag["path"], tag["line"], tag["name"], lines)
    yield from cpp_classes(tree)


def columns(tree: Tree) -> Iterator[Fault]:
    code = set(tree.sources())
    for path in tree.written():
        is_docs = path.endswith(".md")
        if path not in code and not is_docs:
            continue
        limit = DOCS_COLUMNS_MAX if is_docs else CODE_COLUMNS_MAX
        inserted = False  # what a program writes into a page
        for number, line in tree.lines(path):
            if line.startswith("<!-- "):
                inserted = line.startswith("<!-- bench.sh: ")
            # A row of a table is one line, also where the code has the table's text.
            if len(line) > limit and not line.lstrip().startswith("|") and not inserted:
                yield Fault("columns", path, number, "", f"{len(line)} columns, {limit} at most")
