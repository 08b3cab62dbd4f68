"""Each rule finds what was planted for it, and nothing where there is nothing."""

from __future__ import annotations

import os
import tempfile
import unittest

from exceptions import EXCEPTIONS, Exempt
from tidy import RULES, check
from tree import Fault, Tree

PACKAGES = {
    "scripts/packages.txt": "b libssl-dev # digests\nb libxxhash-dev # hashes\n",
    "scripts/a.sh": "need_packages b\n",
}
LONG_BODY = "  f();\n" * 70
ROWS = 'row<at, &s::port>("listen.port", {kind::number, 0, 1}); RINGDOWN_LIMIT(dns_max, kind::n)\n'

VERBS = {  # as its table has them
    "CONTRIBUTING.md": "| `refuse` | says no | reject, deny |\n| `tell` | to others | notify |\n"
}
# Rule, what is planted, and what is said of it; where nothing is said, it is no fault.
PLANTS: list[tuple[str, dict[str, str], str]] = [
    ("files", {"dump": "x"}, "nobody expects"),
    ("files", {"actors/a.cpp": ""}, "an empty file"),
    ("files", {"actors/core.1234": "x"}, "no kind of file"),
    ("files", {"README.md": "x", "actors/a.cpp": "x", ".ci/run": "x"}, ""),
    ("length", {"actors/a.cpp": "\n" * 501}, "501 lines"),
    ("length", {"actors/a.cpp": "\n" * 500}, ""),
    ("length", {"actors/a.cpp": "void g() {\n" + LONG_BODY + "}\n"}, "g has 72 lines"),
    ("length", {"t/a.cpp": 'TEST_CASE("a b") {\n' + LONG_BODY + "}\n"}, "a b has 72 lines"),
    ("length", {"s/a.py": "def g():\n" + "    f()\n" * 70}, "g has 71 lines"),
    ("length", {"s/a.sh": "g() {\n" + LONG_BODY + "}\n"}, "g has 72 lines"),
    (
        "length",
        {"actors/a.hpp": "class c {\n" + "".join(f"  void f{i}();\n" for i in range(41)) + "};\n"},
        "c has 41 functions",
    ),
    ("columns", {"actors/a.cpp": "/" * 101 + "\n"}, "101 columns"),
    ("columns", {"docs/a.md": "x" * 121 + "\n"}, "121 columns"),
    ("columns", {"docs/a.md": "| " + "x" * 121 + "\n", "b/a.cpp": "/" * 100 + "\n"}, ""),
    ("used", {"actors/a.hpp": "void lonely();\n"}, "lonely"),
    (
        "used",
        {"actors/a.hpp": "void lonely();\n", "tests/a.cpp": "int x = (lonely(), 1);\n"},
        "lonely",
    ),
    (
        "used",
        {"actors/a.hpp": "void lonely();\n", "broker/b.cpp": '// lonely()\nauto x = "lonely";\n'},
        "lonely",
    ),
    (
        "used",
        {"actors/a.hpp": "void busy();\n", "broker/b.cpp": "int g() {\n  busy();\n}\n"},
        "",
    ),
    ("used", {"client/a.hpp": "void told();\n", "docs/client.md": "`told`\n"}, ""),
    ("used", {"client/a.hpp": "void told();\n", "docs/python.md": "`told`\n"}, "told"),
    ("keys", {"broker/config/table.cpp": ROWS}, "nothing reads listen.port"),
    (
        "keys",
        {"broker/config/table.cpp": ROWS, "broker/b.cpp": "int x = c.listen.port;\n"},
        "nothing reads limits.dns_max",
    ),
    (
        "keys",
        {"broker/config/table.cpp": ROWS, "broker/b.cpp": "int x = c.port + limits->dns_max;\n"},
        "",
    ),
    (
        "keys",
        {
            "broker/config/table.cpp": "",
            "broker/logging/level.hpp": "enum class component : int {\n  edge,\n};\n",
        },
        "nobody logs as edge",
    ),
    (
        "packages",
        {"scripts/packages.txt": "build cmake # builds\n", "scripts/a.sh": "need_packages build\n"},
        "uses cmake",
    ),
    (
        "packages",
        {"scripts/packages.txt": "build cmake # builds\n", "scripts/a.sh": "cmake .\n"},
        "the group build",
    ),
    (
        "packages",
        {"scripts/packages.txt": "b git\n", "scripts/a.sh": "need_packages b\ngit ls-files\n"},
        "git has no reason",
    ),
    ("packages", PACKAGES, "uses libssl-dev"),
    ("packages", PACKAGES | {"a.cpp": "// <xxhash.h>\n"}, "no source includes <xxhash.h>"),
    (
        "packages",
        PACKAGES
        | {"a.cpp": "#include <xxhash.h>\n", "CMakeLists.txt": "find_package(OpenSSL 3.0)\n"},
        "",
    ),
    ("includes", {"messages/a.cpp": '#include "actors/b.hpp"\n'}, "actors/b.hpp is not below"),
    ("includes", {"actors/a.cpp": '#include "broker/b.hpp"\n'}, "broker/b.hpp is not below"),
    ("includes", {"client/a.cpp": '#include "actors/b.hpp"\n'}, "actors/b.hpp is not below"),
    ("includes", {"client/a.cpp": '#include "client/cli/b.hpp"\n'}, "client/cli/b.hpp is not"),
    ("includes", {"bench/a.cpp": '#include "actors/b.hpp"\n'}, "actors/b.hpp is not below"),
    ("includes", {"actors/runtime/a.cpp": '#include "messages/b.hpp"\n'}, "is not below"),
    ("includes", {"examples/a.cpp": '#include "client/internal/codec.hpp"\n'}, "is not below"),
    ("includes", {"messages/a.cpp": "#include <caf/all.hpp>\n"}, "CAF is not for"),
    ("includes", {"actors/a.cpp": "#include <sys/socket.h>\n"}, "sockets and files is not for"),
    ("includes", {"broker/config/a.cpp": "#include <caf/all.hpp>\n"}, "knows no CAF"),
    (
        "includes",
        {"actors/a.cpp": '#include "messages/b.hpp"\n#include <vector>\n#include <caf/all.hpp>\n'},
        "",
    ),
    (
        "verbs",
        {**VERBS, "actors/a.hpp": "struct a {\n  void reject();\n};\n"},
        "reject: refuse says this",
    ),
    (
        "verbs",
        {**VERBS, "client/a.cpp": "void notify_all_of(int) {\n}\n"},
        "notify_all_of: tell says",
    ),
    ("verbs", {**VERBS, "client/a.cpp": "void refuse(int) {\n  cv.notify_all();\n}\n"}, ""),
    ("words", {"actors/a.cpp": "f(caf::infinite);\n"}, "whoever waits has a deadline"),
    ("words", {"bench/a.cpp": "std::chrono::system_clock::now();\n"}, "the wall clock jumps"),
    ("words", {"actors/a.cpp": "std::this_thread::sleep_for(1s);\n"}, "nobody blocks"),
    ("words", {"actors/a.hpp": "std::unordered_map<std::string, row> rows_;\n"}, "with the secret"),
    ("words", {"actors/a.hpp": "boost::unordered_flat_set<std::string> of_;\n"}, "with the secret"),
    ("words", {"actors/a.cpp": "std::hash<std::string>{}(name);\n"}, "with the secret"),
    (
        "words",
        {
            "actors/a.hpp": "boost::unordered_flat_map<std::string, row, name_hash> rows_;\n"
            "std::unordered_map<actor_id, std::string> names_;\n",
            "client/a.hpp": "std::unordered_map<std::string, row> rows_;\n",
        },
        "",
    ),
    ("words", {"docs/a.md": "TO" "DO: more\n"}, "no comment"),
    ("words", {"actors/a.cpp": "// no sleep_for here\n", "t/a.cpp": 'f("a-XXXXXX");\n'}, ""),
    ("references", {"actors/a.cpp": "/// Domain.md has it.\n"}, 'no "Domain.md"'),
    ("references", {"actors/a.cpp": "// a domain term\n"}, 'no "domain term"'),
    ("references", {"actors/a.cpp": "// as in actors/gone.cpp\n"}, "no actors/gone.cpp"),
    ("references", {"actors/a.cpp": "// see broker/gone.\n", "broker/b.cpp": ""}, "no broker/gone"),
    ("references", {"actors/a.cpp": "// see `gone_away()`\n"}, "no gone_away"),
    ("references", {"docs/a.md": "`std::to_chars`, `asyncio.wait_for`\n"}, ""),
    ("references", {"docs/a.md": "`gone.wait_for`\n"}, "no gone"),
    ("references", {"s/a.sh": "true # see lib/gone.sh\n"}, "no lib/gone.sh"),
    ("references", {"s/a.py": '"""As gone.py does."""\n'}, "no gone.py"),
    ("references", {"docs/a.md": "[b](b.md)\n"}, "no b.md"),
    ("references", {"docs/a.md": "[b](b.md#two)\n", "docs/b.md": "# One\n"}, "no heading #two"),
    (
        "references",
        {
            "docs/a.md": "# One\n[b](../actors/b.cpp), [one](#one), 5 events/s, `here_it_is()`\n",
            "actors/b.cpp": "// actors/b.cpp, b.cpp\nvoid here_it_is();\n",
        },
        "",
    ),
]


def planted(folder: str, files: dict[str, str]) -> Tree:
    for path, text in files.items():
        whole = os.path.join(folder, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)
    return Tree(folder, list(files))


def faults(rule: str, files: dict[str, str], exceptions: list[Exempt]) -> list[Fault]:
    with tempfile.TemporaryDirectory() as folder:
        return check(planted(folder, files), [rule], exceptions)


class Rules(unittest.TestCase):
    def test_each_finds_what_is_planted_and_nothing_else(self) -> None:
        for rule, files, expected in PLANTS:
            with self.subTest(rule=rule, expected=expected, files=sorted(files)):
                found = [str(fault) for fault in faults(rule, files, [])]
                if expected:
                    self.assertTrue([each for each in found if expected in each], found)
                else:
                    self.assertEqual(found, [])

    def test_each_can_fail(self) -> None:
        self.assertEqual({rule for rule, _, expected in PLANTS if expected}, set(RULES))


class Exceptions(unittest.TestCase):
    STRAY = {"dump": "x"}

    def test_what_is_exempt_is_no_fault(self) -> None:
        self.assertEqual(faults("files", self.STRAY, [Exempt("files", "dump", "", "why")]), [])

    def test_an_exception_is_for_its_rule_its_file_and_its_key(self) -> None:
        for other in (
            Exempt("length", "dump", "", "why"),
            Exempt("files", "dumb", "", "why"),
            Exempt("files", "dump", "other", "why"),
        ):
            texts = [fault.text for fault in faults("files", self.STRAY, [other])]
            self.assertIn("nobody expects this file at the root", texts)

    def test_one_that_nothing_needs_is_a_fault(self) -> None:
        found = faults("files", {"README.md": "x"}, [Exempt("files", "dump", "", "why")])
        self.assertEqual([fault.rule for fault in found], ["exceptions"])

    def test_each_has_a_rule_and_a_reason_and_stands_once(self) -> None:
        for each in EXCEPTIONS:
            self.assertIn(each.rule, RULES)
            self.assertGreater(len(each.reason), 10, each)
        named = [(each.rule, each.path, each.key) for each in EXCEPTIONS]
        self.assertEqual(len(named), len(set(named)))


if __name__ == "__main__":
    unittest.main()
