#!/usr/bin/env python3
"""Follows the output of several programs and shows it as one conversation.

usage: transcript.py [--ready FILE] [--from-end] NAME=FILE [[--from-end] NAME=FILE]...

--from-end skips what the next file holds already. The file of --ready is made when the following
has begun. Ends at SIGTERM, after it has shown what is left. Lines of one program keep their order.
What several programs write within a few milliseconds is ordered by cause: a request ("->") first,
then the broker's log, then what was received ("<-").
"""
import os
import re
import shutil
import signal
import sys
import textwrap
import time

QUIET_S = 0.02    # a round of the conversation ends when nobody has said anything for so long
ROUND_MAX_S = 0.1
POLL_S = 0.005
COLORS = {"desktop": "36", "broker": "33", "recorder": "35"}
# 2026-01-31 12:00:00.000 INFO  connection client signed on  client=...
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ +(\w+) +(\w+) +(.*)$")
NOISE = re.compile(r' reason=""| peer=\S+| application=\S+| command=[0-9a-f]{32}')


class Party:
    def __init__(self, name, path, from_end):
        self.name = name
        self.path = path
        self.offset = os.path.getsize(path) if from_end else 0
        self.rest = ""
        self.lines = []  # of this round

    def read(self):
        """Takes what was written since; true if there was something."""
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                file.seek(self.offset)
                text = file.read()
                self.offset = file.tell()
        except FileNotFoundError:
            return False
        *whole, self.rest = (self.rest + text).split("\n")
        self.lines += whole
        return bool(text)

    def rank(self):
        """How early the next line may have its place in a round; lower is earlier."""
        if self.name == "broker":
            return 1
        return 0 if self.lines[0].startswith("->") else 2


def for_people(name, line):
    if name == "broker":
        parts = LOG_LINE.match(line)
        if parts:
            level, component, text = parts.groups()
            line = f"{component}: {text}"
            if level not in ("INFO", "DEBUG"):
                line = f"{level} {line}"
    return NOISE.sub("", line)


class Transcript:
    def __init__(self, parties):
        self.parties = parties
        is_terminal = sys.stdout.isatty()
        self.width = max(40, shutil.get_terminal_size().columns) if is_terminal else None
        self.colored = (
            is_terminal
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM", "dumb") != "dumb"
        )
        self.begin = None
        self.speaker = None  # who made the last request: its answer comes before others' events

    def show(self, name, line, at):
        if self.begin is None:
            self.begin = at
        text = f"{at - self.begin:7.2f}  {name:<9} {for_people(name, line)}"
        for part in self.folded(text):
            if self.colored:
                part = f"\x1b[{COLORS.get(name, '37')}m{part}\x1b[0m"
            print(part, flush=True)

    def folded(self, text):
        """Lines that the terminal has room for; what is said goes on below where it began."""
        if self.width is None or len(text) <= self.width:
            return [text]
        return textwrap.wrap(text, self.width, subsequent_indent=" " * 21, break_on_hyphens=False)

    def end_round(self, at):
        while talking := [p for p in self.parties if p.lines]:
            party = min(talking, key=lambda p: (p.rank(), p is not self.speaker))
            line = party.lines.pop(0)
            if line.startswith("->"):
                self.speaker = party
            self.show(party.name, line, at)

    def follow(self, stopped):
        first = last = None  # times of this round
        while True:
            ending = stopped()
            now = time.monotonic()
            if any([p.read() for p in self.parties]):
                first, last = first or now, now
            if first and (ending or now - last > QUIET_S or now - first > ROUND_MAX_S):
                self.end_round(first)
                first = None
            if ending and first is None:
                return
            time.sleep(POLL_S)


def main(arguments):
    parties, from_end, ready = [], False, None
    arguments = iter(arguments)
    for argument in arguments:
        if argument == "--ready":
            ready = next(arguments, None)
            continue
        if argument == "--from-end":
            from_end = True
            continue
        name, separator, path = argument.partition("=")
        if not separator:
            sys.exit(__doc__)
        parties.append(Party(name, path, from_end))
        from_end = False
    if not parties:
        sys.exit(__doc__)
    signals = []
    signal.signal(signal.SIGTERM, lambda number, frame: signals.append(number))
    if ready:
        with open(ready, "w", encoding="utf-8") as file:
            file.write("following\n")
    Transcript(parties).follow(lambda: bool(signals))


if __name__ == "__main__":
    main(sys.argv[1:])
