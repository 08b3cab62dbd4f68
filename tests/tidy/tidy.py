#!/usr/bin/env python3
"""Looks at every file that git lists: what a compiler and a formatter do not see.

usage: tidy.py [--rule RULE]... ROOT

Prints a line for each fault. Exit status: 0 none, 1 some, 77 nothing was looked at, for there is no
git repository or no ctags (a skipped test). The rules: README.md; what is exempt: exceptions.py.
"""

from __future__ import annotations

import shutil
import sys
from typing import Callable, Iterator

from exceptions import EXCEPTIONS, Exempt
from references import references
from shape import columns, files, length
from structure import includes, verbs, words
from tree import Fault, Tree
from uses import keys, packages, used

RULES: dict[str, Callable[[Tree], Iterator[Fault]]] = {
    "files": files,
    "length": length,
    "columns": columns,
    "used": used,
    "keys": keys,
    "packages": packages,
    "includes": includes,
    "verbs": verbs,
    "words": words,
    "references": references,
}


def is_exempt(fault: Fault, exempt: Exempt) -> bool:
    return (
        fault.rule == exempt.rule
        and fault.path == exempt.path
        and exempt.key in ("", fault.key)
    )


def check(tree: Tree, rules: list[str], exceptions: list[Exempt]) -> list[Fault]:
    """All faults that are not exempt, and each exception that nothing needs."""
    found: list[Fault] = []
    needed: set[Exempt] = set()
    for rule in rules:
        for fault in RULES[rule](tree):
            covering = [each for each in exceptions if is_exempt(fault, each)]
            needed.update(covering)
            if not covering:
                found.append(fault)
    for each in exceptions:
        if each.rule in rules and each not in needed:
            text = f"nothing needs this exception from {each.rule} any more ({each.key or 'all'})"
            found.append(Fault("exceptions", each.path, 1, each.key, text))
    return sorted(set(found))


def main(arguments: list[str]) -> int:
    rules = []
    while len(arguments) > 1 and arguments[0] == "--rule":
        rules.append(arguments[1])
        arguments = arguments[2:]
    if len(arguments) != 1 or not set(rules) <= set(RULES):
        print(__doc__, file=sys.stderr)
        return 2
    tree = Tree.of_git(arguments[0])
    if tree is None or not shutil.which("ctags"):
        print("skipped: no git repository, or no ctags (package universal-ctags)")
        return 77
    faults = check(tree, rules or list(RULES), EXCEPTIONS)
    for fault in faults:
        print(fault)
    print(f"{len(tree.files)} files, {len(faults)} faults, {len(EXCEPTIONS)} exceptions")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
