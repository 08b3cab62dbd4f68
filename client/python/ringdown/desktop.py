"""An agent's desktop on one link: commands out, the light in."""
from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final

from . import _checks
from ._desktop_base import DesktopBase
from .connection import Connection
from .errors import LinkLost
from .identity import Identity, Limits
from .tls import TLS
from .v1 import ringdown_pb2 as v1


class Desktop(DesktopBase):
    """The desktop of one agent, on one DN, until its link ends. `SteadyDesktop` comes back. Use it
    as an async context manager. Not thread-safe.

    The light follows what recorders say, never what was commanded: after `pause` it shows PAUSED
    once the recorder has said so. It is UNKNOWN while nobody knows: before a recorder has spoken,
    after the last one is lost, after events were missed, after the link has ended.

    Each accepted command has one outcome, for which `outcome` waits: the broker's, or UNKNOWN if
    none can come. A `start` or `resume` while a pause stands is held: `final_outcome` waits until
    it has gone out, and for what became of it then.
    """

    def __init__(
        self, connection: Connection, dn: str, snapshot: v1.Snapshot, *, agent_id: str = ""
    ) -> None:
        """Use `connect`; or give a connection that is registered on the DN, with its snapshot.
        The desktop takes the connection's events and signs it off."""
        super().__init__(dn, agent_id, connection.limits)
        self.connection: Final = connection
        self._panel.register(snapshot)
        self._renew_later()
        self._follower = asyncio.create_task(self._follow(), name="ringdown light")

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        dn: str,
        *,
        agent_id: str = "",
        identity: Identity | None = None,
        limits: Limits = Limits(),
        tls: TLS | None = None,
    ) -> Desktop:
        """Connects, signs on and registers. `agent_id`: whose hand it is, for all commands; a
        pause is held by an application and an agent. `tls`: by TLS. Raises as `Connection.open` and
        `register` do."""
        _checks.check_line("agent_id", agent_id, _checks.AGENT_ID_BYTES_MAX)
        _checks.check_dn(dn, "dn")
        who = identity or Identity(v1.ROLE_DESKTOP)
        connection = await Connection.open(host, port, who, limits, tls=tls)
        try:
            snapshots = await connection.register([dn])
        except BaseException:
            await connection.sign_off()
            raise
        return cls(connection, dn, snapshots[dn], agent_id=agent_id)

    async def __aenter__(self) -> Desktop:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Signs off. Never raises for the network."""
        try:
            await self.connection.sign_off()
        finally:
            self._follower.cancel()
            await asyncio.wait([self._follower])
            await self._stop_looking()
        if not self._follower.cancelled():
            self._follower.result()  # a fault of this library's own is not kept quiet

    def _registered(self) -> Connection:
        self._panel.check_open()
        return self.connection

    async def _send(self, request: v1.RequestSendEvent, timeout_s: float | None) -> v1.EventACK:
        return await self.connection.send(request, timeout_s=timeout_s)

    async def _follow(self) -> None:
        """Takes the connection's events until it ends."""
        try:
            while True:
                self._take(await self.connection.next_event())
        except LinkLost as lost:
            self._owed.end()
            self._panel.end(lost)
