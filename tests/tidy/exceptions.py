"""The one table of what may be as no rule wants it. An exception that nothing needs is a fault."""

from __future__ import annotations

from typing import NamedTuple


class Exempt(NamedTuple):
    rule: str
    path: str
    key: str  # empty: all faults of the rule in this file
    reason: str


WALL = "people and logs tell the time of day; nothing is measured with it"
MARKER = "a marker of Python's packaging, which is empty"
AS_PRINTED = "lines as the broker writes them"
FROM_TABLES = "made by ringdown-docs from texts of the code, each of them one line"
ASIO = "the page tells of Asio, which was the loop once"
FOR_PROGRAMS = "for programs that use the library; a test shows that it counts"

EXCEPTIONS: list[Exempt] = [
    Exempt("files", "client/python/ringdown/py.typed", "empty", MARKER),
    Exempt("files", "client/python/stubs/google/__init__.pyi", "empty", MARKER),
    Exempt("files", "client/python/stubs/google/protobuf/internal/__init__.pyi", "empty", MARKER),
    Exempt("files", "tests/fuzz/corpus/user_data/d7", "empty", "the input of no bytes"),
    # ---- length
    Exempt(
        "length",
        "messages/proto/ringdown/v1/ringdown.proto",
        "file",
        "the contract is one file: who writes a client reads it from top to bottom",
    ),
    # ---- columns
    Exempt("columns", "docs/alarms.md", "", AS_PRINTED),
    Exempt("columns", "docs/cli.md", "", FROM_TABLES),
    Exempt("columns", "docs/configuration.md", "", FROM_TABLES),
    Exempt("columns", "messages/error_catalog.def", "", "an error is a row of docs/errors.md"),
    Exempt("columns", "actors/meters.def", "", "a number is a row of docs/metrics.md"),
    # ---- used
    Exempt(
        "used",
        "actors/connection/gate.hpp",
        "answers_owed",
        "what is owed shows nowhere else before it is given back",
    ),
    Exempt(
        "used",
        "actors/runtime/loop_scheduler.hpp",
        "is_in_turn",
        "whoever cranks a loop by hand must not do it from within",
    ),
    Exempt(
        "used",
        "actors/runtime/loop_scheduler.hpp",
        "remove_hook",
        "a hook of a test ends before what it refers to",
    ),
    Exempt(
        "used",
        "actors/runtime/pinned.hpp",
        "spawn_at",
        "tests of the scheduler have actors of their own; the product's are classes",
    ),
    Exempt("used", "client/any_t_client.hpp", "handler_failures", FOR_PROGRAMS),
    Exempt("used", "client/connection.hpp", "answers_awaited", FOR_PROGRAMS),
    Exempt("used", "client/t_client.hpp", "requests_pending", FOR_PROGRAMS),
    # ---- keys
    Exempt(
        "keys",
        "broker/config/table.cpp",
        "listen.allow_unauthenticated",
        "it only allows what broker/config/relations.cpp else refuses",
    ),
    Exempt(
        "keys",
        "broker/config/table.cpp",
        "listen_tls.allow_unauthenticated",
        "it only allows what broker/config/relations.cpp else refuses",
    ),
    Exempt(
        "keys",
        "broker/config/table.cpp",
        "admin.allow_plain",
        "it only allows what broker/config/relations.cpp else refuses",
    ),
    Exempt(
        "keys",
        "broker/config/table.cpp",
        "log.level",
        "its own section reads it, for the thresholds of all components",
    ),
    # ---- packages
    Exempt(
        "packages",
        "scripts/packages.txt",
        "group mimalloc",
        "who builds with RINGDOWN_MIMALLOC installs it by hand (docs/tuning.md)",
    ),
    # ---- verbs
    Exempt("verbs", "actors/runtime/loop_scheduler.hpp", "init", "CAF's own name"),
    Exempt("verbs", "actors/runtime/loop_scheduler.cpp", "init", "CAF's own name"),
    # ---- words
    Exempt("words", "broker/host_functions.cpp", "system_clock", WALL),
    Exempt("words", "broker/logging/line.cpp", "system_clock", WALL),
    Exempt("words", "broker/logging/line.hpp", "system_clock", WALL),
    Exempt("words", "broker/logging/logging.cpp", "system_clock", WALL),
    Exempt("words", "broker/logging/logging.hpp", "system_clock", WALL),
    Exempt("words", "broker/logging/repeat_filter.hpp", "system_clock", WALL),
    Exempt("words", "tests/broker/config/log_line_test.cpp", "system_clock", WALL),
    Exempt("words", "tests/broker/config/logger_test.cpp", "system_clock", WALL),
    Exempt("words", "client/cli/token.cpp", "system_clock", "a token expires at a time of day"),
    Exempt(
        "words",
        "client/cli/recorder.cpp",
        "usleep",
        "a recorder that is told to be silent does nothing, and looks for its end",
    ),
    Exempt(
        "words",
        "actors/context.hpp",
        "unordered_set<std::string>",
        "the names are the operator's own, and what a client asks for is only looked up",
    ),
    # ---- references
    Exempt(
        "references",
        "broker/config/config.hpp",
        "ringdownd.toml",
        "the name of a user's file in an example of a message",
    ),
    Exempt("references", "docs/metrics.md", "", "the catalog makes names of its rows'"),
    Exempt("references", "tests/e2e/testssl_test.py", "testssl.sh", "a program's name"),
    Exempt("references", "docs/decisions/0005-an-epoll-of-our-own.md", "async_receive", ASIO),
]
