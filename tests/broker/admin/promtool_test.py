#!/usr/bin/env python3
"""What Prometheus says of the numbers of a daemon that runs, and of the rules and the dashboard.

usage: promtool_test.py RINGDOWND ROOT
"""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
import urllib.request

SKIPPED = 77
START_SECONDS = 30
DAEMON = pathlib.Path(sys.argv[1])
ROOT = pathlib.Path(sys.argv[2])
RULES = ROOT / "packaging/prometheus-rules.yml"
DASHBOARD = ROOT / "packaging/grafana-dashboard.json"


def names_in(text: str) -> set[str]:
    """Metrics that an expression names, without what Prometheus adds to those of a histogram."""
    return {
        re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\bringdown_\w+", text)
    }


def catalog() -> set[str]:
    page = (ROOT / "docs/metrics.md").read_text()
    return set(re.findall(r"^\| `(ringdown_\w+)` \|", page, re.MULTILINE))


def expressions(dashboard: dict[str, object]) -> list[str]:
    found: list[str] = []

    def visit(node: object) -> None:
        if isinstance(node, dict):
            found.extend(
                value
                for key, value in node.items()
                if key == "expr" or (key == "query" and "ringdown_" in str(value))
            )
            for value in node.values():
                visit(value)
        elif isinstance(node, list):
            for value in node:
                visit(value)

    visit(dashboard)
    return found


class Daemon:
    def __enter__(self) -> int:
        self.process = subprocess.Popen(
            [DAEMON, "--listen.port=0", "--admin.enabled=true", "--admin.port=0",
             "--log.format=json"],
            stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if '"admin port"' in line:
                return int(json.loads(line)["port"])
        raise AssertionError("the daemon does not tell its admin port")

    def __exit__(self, *_: object) -> None:
        assert self.process.stderr is not None
        self.process.terminate()
        self.process.stderr.read()
        self.process.wait(START_SECONDS)
        self.process.stderr.close()


class Promtool(unittest.TestCase):
    def test_promtool_has_nothing_to_say_of_the_numbers(self) -> None:
        with Daemon() as port:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
                text = answer.read()
                self.assertIn("version=0.0.4", answer.headers["Content-Type"])
        checked = subprocess.run(["promtool", "check", "metrics"], input=text,
                                 capture_output=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, b"", b""))
        told = set(re.findall(r"^# TYPE (\w+) ", text.decode(), re.MULTILINE))
        self.assertEqual(told, catalog())
        for name in told:  # each has a value, also those that are looked at when asked for
            if name.startswith("ringdown_tls_"):
                continue  # there is no such door
            self.assertRegex(text.decode(), rf"(?m)^{name}(_bucket|_count)?[{{ ]")

    def test_the_rules_are_rules(self) -> None:
        checked = subprocess.run(["promtool", "check", "rules", RULES],
                                 capture_output=True, text=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_rules_and_dashboard_name_numbers_that_there_are(self) -> None:
        rules = re.findall(r"^\s*expr: (.+)$", RULES.read_text(), re.MULTILINE)
        shown = expressions(json.loads(DASHBOARD.read_text()))
        self.assertGreater(len(rules), 10)
        self.assertGreater(len(shown), 20)
        for expression in rules + shown:
            names = names_in(expression)
            self.assertLessEqual(names, catalog(), expression)
            self.assertTrue(names or expression.startswith("up{"), expression)


if __name__ == "__main__":
    if shutil.which("promtool") is None:
        print("promtool is not installed: apt-get install prometheus")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
