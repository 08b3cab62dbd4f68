"""What is there and used by nobody: functions, configuration keys, packages."""

from __future__ import annotations

import collections
import re
from typing import Iterator

from tree import CPP, Fault, Tree

FLOORS = ("messages", "actors", "broker", "client")
TABLE = "broker/config/table.cpp"
COMPONENTS = "broker/logging/level.hpp"
PACKAGES = "scripts/packages.txt"
RULES_THEMSELVES = "tests/tidy/uses.py"
OF_PYTHON = "docs/python.md"  # whose names are those of the Python client

# How a package shows where it is used, if not by its own name.
TRACES = {
    "g++": r"\bLANGUAGES CXX\b",
    "ninja-build": r'"Ninja"',
    "libcaf-dev": r"find_package\(CAF\b",
    "libprotobuf-dev": r"find_package\(Protobuf\b",
    "protobuf-compiler": r"protobuf::protoc|protobuf_generate",
    "libspdlog-dev": r"find_package\(spdlog\b",
    "libboost1.81-dev": r"find_package\(Boost\b",
    "libssl-dev": r"find_package\(OpenSSL\b",
    "libsystemd-dev": r"pkg_check_modules\(systemd\b",
    "pkgconf": r"find_package\(PkgConfig\b",
    "libedit-dev": r"pkg_check_modules\(libedit\b",
    "libglib2.0-dev": r"pkg_check_modules\(glib\b",
    "libcli11-dev": r"find_package\(CLI11\b",
    "libtomlplusplus-dev": r"find_package\(tomlplusplus\b",
    "nlohmann-json3-dev": r"find_package\(nlohmann_json\b",
    "catch2": r"catch_main\.cpp",
    "librapidcheck-dev": r"find_package\(rapidcheck\b",
    "python3": r"Python3|/usr/bin/python3|python3 ",
    "python3-protobuf": r"google\.protobuf",
    "python3-xlib": r"\bimport Xlib\b|\bfrom Xlib\b|\bXlib\b",
    "xvfb": r"\bXvfb\b",
    "prometheus": r"\bpromtool\b",
    "procps": r"\bpgrep\b|\bps -",
    "universal-ctags": r"\bctags\b",
    "libclang-rt-14-dev": r"-fsanitize=fuzzer",
    "llvm-14": r"llvm-symbolizer-14",
    "rabbitmq-server": r"rabbitmq",
    "libbenchmark-dev": r"find_package\(benchmark\b",
    "libmimalloc-dev": r"find_package\(mimalloc\b",
}
# Packages of which we use a header alone: only the source that includes it shows it.
HEADERS = {"libxxhash-dev": "xxhash.h"}


def used(tree: Tree) -> Iterator[Fault]:
    """What headers declare, by name: a function that shares its name with another is not seen."""
    declared = collections.Counter(
        (tag["name"], tag["path"], tag["line"])
        for tag in tree.tags
        if tag["kind"] in ("function", "prototype")
    )
    uses: dict[str, int] = collections.Counter()
    for path in tree.cpp():
        if path.startswith("tests/"):
            continue
        for number, line in tree.code_lines(path):
            words = collections.Counter(re.findall(r"[A-Za-z_]\w*", line))
            for word, count in words.items():
                uses[word] += count - declared.get((word, path, number), 0)
    for path in tree.matching("README.md", "docs/*.md", "client/README.md"):
        if path == OF_PYTHON:
            continue
        uses.update(re.findall(r"[A-Za-z_]\w*", tree.text(path)))
    for tag in tree.tags:
        name, path = tag["name"], tag["path"]
        if (
            tag["kind"] not in ("function", "prototype")
            or not path.endswith(".hpp")
            or path.split("/")[0] not in FLOORS
            or tag.get("access") in ("private", "protected")
            or "override" in tag.get("properties", "")  # called by its base's name
            or name.startswith(("~", "operator"))
            or name == tag.get("scope", "").rpartition("::")[2]  # a constructor
        ):
            continue
        if uses[name] <= 0:
            text = f"only tests use {name}, or nobody does"
            yield Fault("used", path, tag["line"], name, text)


def keys(tree: Tree) -> Iterator[Fault]:
    if TABLE not in tree.known:
        return
    readers = [
        path
        for path in tree.cpp(*FLOORS)
        if path not in (TABLE, COMPONENTS, "broker/config/relations.cpp")
    ]
    code = "\n".join(tree.code(path) for path in readers)
    spoken = "\n".join(
        line
        for path in tree.cpp("actors", "broker")
        if not path.startswith("broker/logging/")
        for _, line in tree.lines(path)
        if "observed_by->" in line or ".log(" in line or "wants(" in line
    )
    # `.port`, `->port`; a row of the table says `&s::port`, a declaration `port = 7480`.
    read = set(re.findall(r"(?:\.|->)\s*([a-z]\w*)\b", code))
    table = tree.text(TABLE)
    for found in re.finditer(r'&s::(\w+)>\(\s*"([\w.]+)"|RINGDOWN_LIMIT\((\w+), kind', table):
        member = found.group(1) or found.group(3)
        name = found.group(2) or f"limits.{member}"
        if member not in read:
            line = table.count("\n", 0, found.start()) + 1
            yield Fault("keys", TABLE, line, name, f"nothing reads {name}")
    if COMPONENTS in tree.known:
        body = re.search(r"enum class component[^{]*\{(.*?)\}", tree.code(COMPONENTS), re.DOTALL)
        for name in re.findall(r"\w+", body.group(1)) if body else []:
            # Actors do not know the log: they name themselves to the observer.
            if not re.search(rf"\bcomponent::{name}\b", code) and f'"{name}"' not in spoken:
                text = f"nobody logs as {name}, so log.levels.{name} sets nothing"
                yield Fault("keys", COMPONENTS, 1, f"log.levels.{name}", text)


def packages(tree: Tree) -> Iterator[Fault]:
    if PACKAGES not in tree.known:
        return
    places = [
        path
        for path in tree.sources() + tree.matching("CMakePresets.json", "packaging/*")
        if path != PACKAGES and path != RULES_THEMSELVES and not path.endswith(CPP)
    ]
    text = "\n".join(
        re.sub(r"(^|\s)#[^\n!]*", r"\1", tree.text(path)) for path in places
    )
    asked = re.findall(r"need_packages ([\w ]+)", text)
    groups = {group for each in asked for group in each.split()}
    included = {
        header
        for path in tree.cpp()
        for header in re.findall(r"^#include <([^>]+)>", tree.text(path), re.MULTILINE)
    }
    for number, line in tree.lines(PACKAGES):
        if line.startswith("#") or not line.strip():
            continue
        group, package, *reason = line.split(maxsplit=2)
        if not reason or not reason[0].lstrip("# "):
            yield Fault("packages", PACKAGES, number, package, f"{package} has no reason")
        if group not in groups:
            text_of = f"no script asks for the group {group}"
            yield Fault("packages", PACKAGES, number, f"group {group}", text_of)
        if package in HEADERS:
            if HEADERS[package] not in included:
                text_of = f"no source includes <{HEADERS[package]}> of {package}"
                yield Fault("packages", PACKAGES, number, package, text_of)
        elif not re.search(TRACES.get(package, rf"\b{re.escape(package)}\b"), text):
            text_of = f"no CMake file, script or test driver uses {package}"
            yield Fault("packages", PACKAGES, number, package, text_of)
