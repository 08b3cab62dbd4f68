"""Requests about many DNs at once: what goes into them, and what of their answers is believed.
Internal."""
from __future__ import annotations

from typing import Final, Iterable, Sequence

from . import _checks
from .capture import Light, Verb
from .errors import ProtocolError
from .v1 import ringdown_pb2 as v1

PAGE_MAX: Final = 300
"""DNs of one page of a list: the protocol's limit."""

COMMANDS: Final = {
    Verb.PAUSE: v1.COMMAND_PAUSE,
    Verb.STOP: v1.COMMAND_STOP,
    Verb.RESUME: v1.COMMAND_RESUME,
}
"""What many DNs can be commanded in one request."""


def each_once(dns: Sequence[str]) -> list[str]:
    """The DNs, checked. One that is named twice would be answered twice."""
    if isinstance(dns, str):
        raise TypeError("dns: a list of DNs, not one string")
    unique = list(dict.fromkeys(dns))
    if not unique:
        raise ValueError("dns: at least one DN")
    for dn in unique:
        _checks.check_dn(dn, "dns")
    return unique


def parts_of(dns: Sequence[str], at_most: int) -> list[list[str]]:
    """The same in parts of at most so many."""
    unique, size = each_once(dns), max(1, at_most)
    return [unique[at : at + size] for at in range(0, len(unique), size)]


def add_refusal(
    refused: dict[str, v1.EventError], error: v1.EventError, dns: Iterable[str]
) -> None:
    """An error without a DN is about all of the request."""
    for dn in [error.this_dn] if error.HasField("this_dn") else dns:
        refused[dn] = error


def command_request(
    verb: Verb,
    *,
    reason: str,
    agent_id: str,
    command_id: bytes | None,
    retry: bool,
    confirm_timeout_s: float | None,
) -> v1.RequestCommandAddresses:
    """A command for DNs that are to be added."""
    if verb not in COMMANDS:
        raise ValueError(f"verb: {verb}, accepted are PAUSE, STOP and RESUME")
    _checks.check_line("reason", reason, _checks.REASON_BYTES_MAX)
    _checks.check_line("agent_id", agent_id, _checks.AGENT_ID_BYTES_MAX)
    confirm_timeout_ms = _checks.milliseconds(confirm_timeout_s, "confirm_timeout_s")
    return v1.RequestCommandAddresses(
        command=COMMANDS[verb],
        command_id=_checks.made_command_id(command_id, retry),
        retry=retry,
        confirm_timeout_ms=confirm_timeout_ms,
        reason=reason,
        agent_id=agent_id,
    )


def list_request(
    *, after: str, limit: int, light: Light | None, alarmed: bool, recorder_missing: bool
) -> v1.RequestListAddresses:
    """One page of a list."""
    if not 1 <= limit <= PAGE_MAX:
        raise ValueError(f"limit: {limit}, accepted are 1 to {PAGE_MAX}")
    _checks.check_line("after", after, _checks.DN_BYTES_MAX)
    return v1.RequestListAddresses(
        after=after,
        limit=limit,
        light=None if light is None else light.number,
        alarmed=alarmed,
        recorder_missing=recorder_missing,
    )


def check_page(page: v1.EventAddressList, after: str) -> None:
    """A list that does not get on would never end. Names come in the order of their bytes, which
    is that of their characters too."""
    last = after
    for one in page.addresses:
        if one.this_dn <= last:
            raise ProtocolError(f"EventAddressList: {one.this_dn!r} behind {last!r}")
        last = one.this_dn
    if page.next and (page.next < last or page.next == after):
        raise ProtocolError(f"EventAddressList: next is {page.next!r} behind {last!r}")
