"""Who a T-Client is, and what its connection may take."""
from __future__ import annotations

import inspect
import secrets
from dataclasses import dataclass, field
from typing import Awaitable, Callable, Final, Sequence, Union

from .errors import LinkLost
from .v1 import ringdown_pb2 as v1

CREDENTIALS_BYTES_MAX: Final = 8 * 1024

Credentials = Union[bytes, Callable[[], Union[bytes, Awaitable[bytes]]]]
"""As they are, or a function or coroutine function that has them as they are now: it is asked for
each attempt to connect, and before the broker lets them expire. What it raises means that there are
none now, and is asked again later."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a T-Client says it is. Keep it over reconnects: the same application name and instance
    id take over from a connection that only half exists any more."""

    role: v1.Role
    application_name: str = "ringdown-python"
    instance_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    credentials: Credentials = field(default=b"", repr=False)
    heartbeat_interval_ms: int | None = None
    """Wanted; None: the broker's."""
    capabilities: Sequence[v1.Capability] | None = None
    """None: what this library is able to do in this role. A recorder that uses `Connection` itself
    and does not echo versions names its own."""

    def wanted_capabilities(self) -> Sequence[v1.Capability]:
        """What its sign-on names."""
        if self.capabilities is not None:
            return self.capabilities
        all_have = [v1.CAPABILITY_DIRECTED, v1.CAPABILITY_COALESCE_OK]
        if self.role == v1.ROLE_RECORDER:
            return [*all_have, v1.CAPABILITY_EXACT_VERSIONS]
        commands = self.role in (v1.ROLE_DESKTOP, v1.ROLE_SUPERVISOR, v1.ROLE_ADMIN)
        return [*all_have, v1.CAPABILITY_OUTCOMES] if commands else all_have

    async def current_credentials(self) -> bytes:
        """What `credentials` are now. Raises LinkLost if the function has none, TypeError and
        ValueError for what are none."""
        given: object = self.credentials
        if callable(self.credentials):
            try:
                given = self.credentials()
                if inspect.isawaitable(given):
                    given = await given
            except Exception as error:
                raise LinkLost(f"the program has no credentials now: {error}") from error
        if not isinstance(given, bytes):
            raise TypeError(f"credentials: bytes, not {type(given).__name__}")
        if len(given) > CREDENTIALS_BYTES_MAX:
            accepted = f"accepted are at most {CREDENTIALS_BYTES_MAX}"
            raise ValueError(f"credentials: {len(given)} bytes, {accepted}")
        return given

    def sign_on_request(self, version: int, credentials: bytes) -> v1.RequestSignOn:
        """How it signs on, with this version of the protocol."""
        return v1.RequestSignOn(
            version_min=version,
            version_max=version,
            capabilities=self.wanted_capabilities(),
            application_name=self.application_name,
            instance_id=self.instance_id,
            role=self.role,
            credentials=credentials,
            heartbeat_interval_ms=self.heartbeat_interval_ms,
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take of time and memory, whatever the broker grants."""

    open_timeout_s: float = 10.0
    """From connect to the end of sign-on; the broker itself waits 5 s."""
    request_timeout_s: float = 10.0
    """For an answer, where a call does not say. A broker that is well takes milliseconds."""
    events_max: int = 4096
    """Events that the program has not taken. Beyond: EventMissed, one for each DN."""
    event_bytes_max: int = 8 * 1024 * 1024
    """Their bytes."""
    frame_bytes_max: int = 16 * 1024 * 1024
    """The largest that a broker can be configured to grant."""
    requests_max: int = 65_536
    request_bytes_max: int = 16 * 1024 * 1024
    """Ceilings of the window."""

    def deadline_s(self, timeout_s: float | None) -> float:
        """What a call's `timeout_s` comes to: None is `request_timeout_s`."""
        return self.request_timeout_s if timeout_s is None else timeout_s
