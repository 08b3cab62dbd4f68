"""Certificates, made by the program `openssl`, and a door of TLS in front of a broker that has
none, for tests."""
from __future__ import annotations

import asyncio
import contextlib
import pathlib
import select
import socket
import ssl
import subprocess
import tempfile
import threading
from functools import partial
from types import TracebackType
from typing import Callable, Final

from harness import PATIENCE_S, Place

TURN_S: Final = 0.02
"""How late a door sees that it is to end."""

_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """Signs certificates into a folder, which goes with it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ringdown-tls-")
        self.folder = pathlib.Path(self._folder.name)
        self.file = self._authority("authority")
        self.stranger = self._authority("stranger")

    def close(self) -> None:
        self._folder.cleanup()

    def issue(
        self, name: str, san: str = "DNS:localhost,IP:127.0.0.1", *, by: str = "authority",
        days: int = 30,
    ) -> tuple[str, str]:
        """The files of a certificate and its key. `days` below 0: expired."""
        key, request = self._path(name, "key"), self._path(name, "csr")
        subject = f"/CN={name}"
        _openssl("req", "-new", *_EC, "-keyout", key, "-out", request, "-subj", subject)
        extensions = self._path(name, "ext")
        pathlib.Path(extensions).write_text(f"subjectAltName={san}\n")
        certificate = self._path(name, "pem")
        signer = ("-CA", self._path(by, "pem"), "-CAkey", self._path(by, "key"), "-CAcreateserial")
        _openssl(
            "x509", "-req", "-in", request, *signer, "-out", certificate, "-extfile", extensions,
            "-days", str(days),
        )
        return certificate, key

    def text_file(self, name: str) -> str:
        path = self.folder / name
        path.write_text("no PEM at all\n")
        return str(path)

    def _authority(self, name: str) -> str:
        key, certificate = self._path(name, "key"), self._path(name, "pem")
        _openssl(
            "req", "-x509", *_EC, "-keyout", key, "-out", certificate, "-subj", f"/CN={name}",
            "-days", "30",
        )
        return certificate

    def _path(self, name: str, ending: str) -> str:
        return str(self.folder / f"{name}.{ending}")


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Door:
    """Takes connections by TLS and relays them to a broker; a thread for each, because asyncio's
    own server ends a handshake that fails without its alert. Use it as an async context manager."""

    def __init__(
        self, broker: Place, own: tuple[str, str], *, client_authority: str | None = None
    ) -> None:
        """`client_authority`: clients must show a certificate that it has signed."""
        self.host = "127.0.0.1"
        self._broker = broker
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(*own)
        self._context.set_alpn_protocols(["ringdown/1"])
        if client_authority is not None:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(client_authority)
        self._listener = socket.create_server((self.host, 0))
        self.port = int(self._listener.getsockname()[1])
        self._stops = threading.Event()
        self._threads: list[threading.Thread] = []
        self.protocols: list[str | None] = []
        """That clients have asked for, by ALPN."""

    async def __aenter__(self) -> Door:
        self._listener.settimeout(TURN_S)
        self._begin(self._run)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stops.set()
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        self._listener.close()

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        self._threads.append(thread)
        thread.start()

    def _run(self) -> None:
        while not self._stops.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            self._begin(partial(self._serve, client))

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(PATIENCE_S)
        raw = client.dup()  # reads on: a socket closed with bytes unread takes its alert back
        with raw, contextlib.suppress(OSError):
            try:
                secured = self._context.wrap_socket(client, server_side=True)
            except ssl.SSLError:  # a client that does not trust it, or is not trusted
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(65536):
                    pass
                return
            with secured:
                self.protocols.append(secured.selected_alpn_protocol())
                at = (self._broker.host, self._broker.port)
                with socket.create_connection(at) as broker:
                    self._relay(secured, broker)

    def _relay(self, secured: ssl.SSLSocket, broker: socket.socket) -> None:
        while not self._stops.is_set():
            wait_s = 0.0 if secured.pending() else TURN_S
            readable, _, _ = select.select([secured, broker], [], [], wait_s)
            if secured in readable or secured.pending():
                data = secured.recv(65536)
                if not data:
                    return
                broker.sendall(data)
            if broker in readable:
                data = broker.recv(65536)
                if not data:
                    secured.unwrap()
                    return
                secured.sendall(data)
