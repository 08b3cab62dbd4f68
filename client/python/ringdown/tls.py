"""How a link is secured by TLS: what is trusted, and what this client shows of itself.

The broker's certificate is always checked: its authority, its time and its name (SAN). There is no
word to leave that out.
"""
from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final

from .errors import TLSFailed
from .reasons import TLSFault

TLS_PORT: Final = 7482
"""Where a broker listens for TLS if nothing else is configured."""

SHUTDOWN_S: Final = 1.0
"""For a broker's last word of TLS, once this side has said its own."""


@dataclass(frozen=True, slots=True)
class TLS:
    """Files are in PEM form and read anew with each attempt to connect, so that a renewed
    certificate is used with the next link."""

    ca_file: str | None = None
    """The authorities that are trusted. None: those of the system."""
    certificate_file: str | None = None
    """This client's certificate, its own first, then those that lead to its authority. None: none
    is shown, also if the broker asks."""
    key_file: str | None = None
    """Its key, not encrypted: nobody is there to be asked for a passphrase."""
    server_name: str | None = None
    """Whose certificate is expected (DNS name or IP address). None: the place's host."""

    def __post_init__(self) -> None:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file: both or neither are to be given")

    def context(self) -> ssl.SSLContext:
        """Reads the files, which may block. Raises TLSFailed, with what cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ValueError) as error:
            raise _unusable("ca_file", self.ca_file, error) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.hostname_checks_common_name = False  # a subject is a text for people
        context.set_alpn_protocols(["ringdown/1"])
        if self.certificate_file is not None:
            try:
                context.load_cert_chain(self.certificate_file, self.key_file, _no_passphrase)
            except (OSError, ValueError) as error:
                files = f"{self.certificate_file}, {self.key_file}"
                raise _unusable("certificate_file, key_file", files, error) from error
        return context


def tls_failed(error: ssl.SSLError) -> TLSFailed:
    """What the error of a handshake, or of a link by TLS, means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        fault, text = _VERIFICATIONS.get(error.verify_code, _UNTRUSTED)
        return TLSFailed(f"{text}: {error.verify_message}", fault=fault)
    reason = error.reason or ""
    if any(word in reason for word in _ABOUT_OUR_CERTIFICATE):
        text = "the broker wants a certificate of this client, or another than it has"
        return TLSFailed(f"{text}: {reason}", fault=TLSFault.CERTIFICATE_REQUIRED)
    if reason in _NO_TLS:
        return TLSFailed("what answers there does not speak TLS", fault=TLSFault.OTHER)
    return TLSFailed(f"TLS failed: {reason or error}", fault=TLSFault.OTHER)


def _no_passphrase() -> str:
    """OpenSSL's own way would ask on the terminal."""
    raise ValueError("the key is encrypted, accepted is one without a passphrase")


def _unusable(field: str, file: str | None, error: Exception) -> TLSFailed:
    why = error.strerror if isinstance(error, OSError) and error.strerror else error
    return TLSFailed(f"{field} {file!r}: {why}", fault=TLSFault.OPTIONS)


_UNTRUSTED: Final = (TLSFault.UNTRUSTED, "the broker's certificate is not trusted")
_EXPIRED: Final = (TLSFault.EXPIRED, "the broker's certificate is not valid now")
_NAME: Final = (TLSFault.NAME, "the broker's certificate is for another name")
_VERIFICATIONS: Final = {9: _EXPIRED, 10: _EXPIRED, 62: _NAME, 64: _NAME}
"""By OpenSSL's X509_V_ERR: not yet valid, expired; another host, another address."""

_ABOUT_OUR_CERTIFICATE: Final = (
    "ALERT_CERTIFICATE_REQUIRED",
    "ALERT_NO_CERTIFICATE",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_UNSUPPORTED_CERTIFICATE",
    "ALERT_CERTIFICATE_REVOKED",
    "ALERT_CERTIFICATE_EXPIRED",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_UNKNOWN_CA",
    "ALERT_ACCESS_DENIED",
)
_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG")
