"""Who may include whom, and what nobody writes."""

from __future__ import annotations

import re
from typing import Iterator

from tree import Fault, Tree

# The drawing of docs/architecture.md, the nearest folder first. What a folder may include: folders,
# and files by their whole path. A folder of another's inside (client/cli) is not meant with it.
MAY_INCLUDE: list[tuple[str, tuple[str, ...]]] = [
    ("actors/runtime", ("actors/runtime",)),
    ("actors", ("actors", "messages")),
    ("broker/logging", ("broker/logging", "messages")),
    ("broker/config", ("broker/config", "broker/logging", "messages")),
    ("broker/security", ("broker/security", "broker/config", "actors", "messages")),
    ("broker/edge", ("broker/edge", "actors", "messages")),
    (
        "broker/admin",
        ("broker/admin", "actors/meters.hpp", "actors/dn/shown.hpp", "actors/trace.hpp",
         "messages"),
    ),
    ("broker", ("broker", "actors", "messages")),
    ("client/cli", ("client/cli", "client", "messages")),
    ("client/caf_bridge", ("client/caf_bridge", "client", "messages")),
    ("client", ("client", "messages")),
    ("messages", ("messages",)),
    ("bench/cli", ("bench/cli", "bench", "client", "messages")),
    ("bench/embedded", ("bench", "bench/cli", "client", "messages", "broker/broker.hpp")),
    (
        "bench/micro",
        ("bench/micro", "bench", "client", "actors", "messages", "broker/edge/epoll_loop.hpp"),
    ),
    ("bench/machine", ("bench/machine", "client")),
    ("bench/speak", ("bench/speak", "bench/machine", "client", "messages")),
    ("bench/load", ("bench/load", "bench/speak", "bench/machine", "client", "messages")),
    (
        "bench/tell",
        ("bench/tell", "bench/load", "bench/speak", "bench/machine", "client", "messages"),
    ),
    ("bench", ("bench", "client", "messages")),
    (
        "docs/generate",
        ("docs/generate", "client/cli", "broker/config", "actors/meters.hpp", "messages"),
    ),
    ("examples", ()),  # only what is installed
]
# Folders that only they themselves, and who names them above, may include.
CLOSED = ("client/cli", "client/caf_bridge", "bench/cli", "bench/embedded", "bench/micro")

# Libraries and parts of the system, and the only folders or files that may know of them.
FOREIGN: list[tuple[str, tuple[str, ...], str]] = [
    (r"caf/", ("actors", "broker", "client/caf_bridge", "bench/micro", "tests"), "CAF"),
    (r"boost/", ("actors", "broker/admin"), "Boost"),
    (r"spdlog/", ("broker/logging",), "spdlog"),
    (r"toml\+\+/", ("broker/config", "client/cli"), "toml++"),
    (r"CLI/", ("client/cli", "bench/cli"), "CLI11"),
    (r"glib\.h$", ("examples",), "GLib"),
    (r"histedit\.h$", ("client/cli",), "libedit"),
    (r"nlohmann/", ("broker/admin", "broker/security", "client/cli", "bench", "tests"), "JSON"),
    (r"benchmark/", ("bench/micro",), "Google Benchmark"),
    (r"systemd/", ("broker/daemon",), "systemd"),
    (
        r"(sys/socket|sys/epoll|sys/eventfd|netinet/.*|arpa/inet|netdb|poll|unistd|fcntl)\.h$",
        ("broker", "client", "bench", "tests", "examples"),
        "sockets and files",
    ),
    (r"filesystem$", ("broker", "bench", "client/cli", "docs", "tests", "examples"), "files"),
    (r"(fstream|iostream)$", ("broker", "bench", "docs", "tests", "examples"), "files"),
]
WITHOUT_CAF = ("broker/config", "broker/logging", "broker/security", "broker/daemon")

# Words, where they are not to be (folders; empty: everywhere), and why.
BANNED: list[tuple[str, tuple[str, ...], str]] = [
    (r"\bcaf::infinite\b", (), "whoever waits has a deadline"),
    (r"\bsystem_clock\b", (), "the wall clock jumps: time spans take steady_clock"),
    (r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b", ("messages", "actors", "broker", "client"),
     "nobody blocks inside an actor, and who waits waits for something"),
    (r"\bstd::hash\b|"
     r"\bunordered_\w*(?:map<std::string(?:_view)?, [^,<>]+|set<std::string(?:_view)?)>",
     ("actors",), "keys that clients choose are hashed with the secret: name_hash, keyed_hash"),
    (r"\b(?:TODO|FIXME|HACK)\b|\bXXX\b", (), "what is to be done is no comment"),
]


def below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == each or path.startswith(each + "/") for each in folders)


def includes(tree: Tree) -> Iterator[Fault]:
    installed = set()
    if "cmake/public_headers.cmake" in tree.known:
        listed = tree.text("cmake/public_headers.cmake")
        installed = set(re.findall(r"^  ([a-z_/]+\.hpp)", listed, re.MULTILINE))
    for path in tree.cpp():
        for number, line in tree.lines(path):
            if found := re.match(r'#include "([^"]+)"', line):
                target = found.group(1)
                if not may_include(path, target, installed):
                    text = f"{target} is not below this folder"
                    yield Fault("includes", path, number, target, text)
            elif found := re.match(r"#include <([^>]+)>", line):
                target = found.group(1)
                for pattern, folders, name in FOREIGN:
                    if re.match(pattern, target) and not below(path, folders):
                        text = f"<{target}>: {name} is not for this folder"
                        yield Fault("includes", path, number, target, text)
                if target.startswith("caf/") and below(path, WITHOUT_CAF):
                    text = f"<{target}>: this folder knows no CAF"
                    yield Fault("includes", path, number, target, text)


def may_include(path: str, target: str, installed: set[str]) -> bool:
    if path.startswith("tests/"):
        return True
    for folder, allowed in MAY_INCLUDE:
        if below(path, (folder,)):
            if folder == "examples":
                return target in installed or below(target, ("examples",))
            closed = tuple(each for each in CLOSED if each != folder and each not in allowed)
            return below(target, allowed) and not below(target, closed)
    return False


def verbs(tree: Tree) -> Iterator[Fault]:
    """One verb, one meaning: the table of CONTRIBUTING.md, a row for each."""
    page = tree.text("CONTRIBUTING.md") if "CONTRIBUTING.md" in tree.known else ""
    meant = {
        other: verb
        for verb, others in re.findall(r"^\| `(\w+)` \|.*\| ([\w, ]*)\|$", page, re.MULTILINE)
        for other in re.findall(r"\w+", others)
    }
    for tag in tree.tags:
        first = tag["name"].split("_")[0]
        if tag["kind"] in ("function", "prototype") and first in meant:
            text = f"{tag['name']}: {meant[first]} says this already"
            yield Fault("verbs", tag["path"], tag["line"], tag["name"], text)


def words(tree: Tree) -> Iterator[Fault]:
    for path in tree.written():
        if path.startswith("tests/tidy/"):
            continue  # which names them
        for pattern, folders, why in BANNED:
            if folders and not below(path, folders):
                continue
            is_code_only = "_" in pattern or "::" in pattern
            if is_code_only and not path.endswith((".cpp", ".hpp")):
                continue
            lines = tree.code_lines(path) if is_code_only else tree.lines(path)
            for number, line in lines:
                # mkstemp's six letters are no mark of somebody's.
                if found := re.search(pattern, line.replace("XXXXXX", "")):
                    word = found.group(0)
                    yield Fault("words", path, number, word, f"{word}: {why}")
