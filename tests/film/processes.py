"""Processes as the kernel sees them."""
from __future__ import annotations

from pathlib import Path


def children_of(parent: int) -> list[int]:
    """Those that are not over."""
    processes = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [one for one in processes if _state_and_parent(one)[1] == parent and not is_over(one)]


def is_over(process: int) -> bool:
    """Also if its parent has not noticed yet."""
    return _state_and_parent(process)[0] in ("", "Z", "X")


def _state_and_parent(process: int) -> tuple[str, int]:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", 0
    state, parent = stat.rsplit(")", 1)[1].split()[:2]  # the name before may have anything in it
    return state, int(parent)
