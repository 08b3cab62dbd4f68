"""Whether what comments and docs name is there: files, anchors, functions."""

from __future__ import annotations

import collections
import os
import re
from typing import Iterator

from tree import Fault, Tree, names

# What was written beside the code and never was a part of it.
FOREIGN_DOCUMENTS = re.compile(
    r"(?<![\w-])(?:[Dd]omain|[Ss]tyle|[Ss]creen|[Rr]eview|[Pp]erformance)\.md\b"
    r"|\b(?:domain|architecture|glossary) term\b"
    r"|\b(?:code|design) review\b|\bthe review\b"
)
PATH = re.compile(
    r"(?<![\w/.<>${}\"@*:~#?=&%+-])"
    r"((?:\.\./)*[A-Za-z_.][\w.-]*(?:/[\w.-]+)*"
    r"\.(?:md|cpp|hpp|py|sh|txt|toml|proto|def|cmake|in|json|svg|png|bash|ini)"
    r"|[a-z_.]+(?:/[\w.-]+)+)"
    r"(?![\w*<>{(-])"
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# A name in backticks that can only be one of the code's.
NAME = re.compile(r"`((?:[A-Za-z_]\w*(?:::|\.|->))*[A-Za-z_]\w*(?:\(\))?)`")
FOREIGN_NAMES = ("std::", "asyncio.")  # of the languages' own libraries
MADE = ("build/", "include/ringdown")  # by a build, by an installation


def foreign(tree: Tree) -> Iterator[Fault]:
    for path in tree.written():
        for number, text in tree.comments(path):
            if found := FOREIGN_DOCUMENTS.search(text):
                word = found.group(0)
                yield Fault("references", path, number, word, f"a reader has no \"{word}\"")


def there(tree: Tree, path: str, word: str) -> bool:
    """From the file's own folder, from the root, as the end of a path, or as a path's beginning."""
    own = os.path.normpath(os.path.join(os.path.dirname(path), word))
    for each in (own, os.path.normpath(word)):
        if each in tree.known or each in tree.folders:
            return True
        if any(one.startswith(each + ".") or one.startswith(each + "-") for one in tree.known):
            return True  # docs/decisions/0006, broker/edge/epoll_loop
    return any(one.endswith("/" + word) for one in tree.known | tree.folders)


def looks_like_a_path(tree: Tree, path: str, word: str) -> bool:
    first = word.split("/")[0]
    if "/" not in word or re.search(r"\.[a-z]+$", word):
        return True
    # "events/s" is none; "broker/edge" is one, as the root or the file's folder has a broker/.
    own = os.path.normpath(os.path.join(os.path.dirname(path), first))
    return first in tree.folders or own in tree.folders


def paths(tree: Tree) -> Iterator[Fault]:
    for path in tree.written():
        for number, text in tree.comments(path):
            text = re.sub(r"https?://\S+", "", LINK.sub("]", text))
            for word in PATH.findall(text):
                word = word.rstrip("./")
                # ./x is where a program runs, DIR/x is what a user names.
                if word.startswith(MADE + ("./",)) or re.match(r"(?:DIR|FILE|NAME)[/.]", word):
                    continue
                if not looks_like_a_path(tree, path, word):
                    continue
                if not there(tree, path, word):
                    yield Fault("references", path, number, word, f"there is no {word}")


def anchors(text: str) -> set[str]:
    """Of the headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
        found.add(plain.replace(" ", "-"))
    return found


def links(tree: Tree) -> Iterator[Fault]:
    for path in tree.matching("*.md"):
        for number, line in tree.comments(path):
            for target in LINK.findall(line):
                if re.match(r"[a-z]+:", target):
                    continue
                file, _, anchor = target.partition("#")
                aim = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
                if aim not in tree.known and aim not in tree.folders and aim != ".":
                    yield Fault("references", path, number, target, f"there is no {target}")
                elif anchor and aim.endswith(".md") and anchor not in anchors(tree.text(aim)):
                    text = f"{file or 'this page'} has no heading #{anchor}"
                    yield Fault("references", path, number, target, text)


def functions(tree: Tree) -> Iterator[Fault]:
    """Names in backticks with a `_`, a `::` or a `()`: the code has each of their words."""
    known: set[str] = set()
    for path in tree.written():
        if path.endswith((".cpp", ".hpp")):
            known.update(re.findall(r"\w+", re.sub(r"//[^\n]*", "", tree.text(path))))
        elif not path.endswith(".md") and not names(path, ("tests/tidy/*",)):
            known.update(re.findall(r"\w+", tree.text(path)))
    # ROLE_CALL_SOURCE is CALL_SOURCE to people.
    ends = collections.Counter(
        word[at + 1 :] for word in known if word.isupper() for at in find_all(word, "_")
    )
    for path in tree.written():
        for number, text in tree.comments(path):
            for name in NAME.findall(text):
                if not re.search(r"\w_\w|::|\(\)", name) or name.startswith(FOREIGN_NAMES):
                    continue
                if any(one.endswith("/" + name) for one in tree.known):
                    continue  # a file's name
                for word in re.findall(r"\w+", name):
                    if word not in known and not ends[word]:
                        text_of = f"`{name}`: the code has no {word}"
                        yield Fault("references", path, number, name, text_of)
                        break


def find_all(word: str, part: str) -> list[int]:
    return [at for at, letter in enumerate(word) if letter == part]


def references(tree: Tree) -> Iterator[Fault]:
    yield from foreign(tree)
    yield from paths(tree)
    yield from links(tree)
    yield from functions(tree)
