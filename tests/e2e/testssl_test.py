"""What testssl.sh says of the TLS port: nothing above its grade A.

usage: testssl_test.py RINGDOWND    exit status 77: there is no testssl
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterator

# What a private authority's certificate does not have, and no TLS of ours can change.
ABOUT_PUBLIC_AUTHORITIES = {"cert_revocation", "DNS_CAArecord"}
FAULTS = {"LOW", "MEDIUM", "HIGH", "CRITICAL"} # WARN: it could not look
MUST_SAY = {"TLS1_2", "TLS1_3", "secure_client_renego", "cipherlist_STRONG", "LUCKY13"}


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


def make_certificate(at: Path) -> None:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", f"{at}/ca.key", "-out", f"{at}/ca.pem",
            "-days", "200", "-subj", "/CN=Test authority")
    openssl("req", "-new", *curve, "-keyout", f"{at}/server.key", "-out", f"{at}/server.csr",
            "-subj", "/CN=localhost")
    (at / "extensions").write_text(
        "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n"
        "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n"
    )
    openssl("x509", "-req", "-in", f"{at}/server.csr", "-CA", f"{at}/ca.pem", "-CAkey",
            f"{at}/ca.key", "-CAcreateserial", "-days", "100", "-extfile", f"{at}/extensions",
            "-out", f"{at}/server.pem")


def findings(of: Any) -> Iterator[dict[str, str]]:
    if isinstance(of, dict):
        if "severity" in of:
            yield of
        for each in of.values():
            yield from findings(each)
    elif isinstance(of, list):
        for each in of:
            yield from findings(each)


def port_of(daemon: subprocess.Popen[str]) -> int:
    assert daemon.stderr is not None
    for line in daemon.stderr:
        entry = json.loads(line)
        if entry["message"] == "listening by TLS":
            return int(entry["port"])
    raise SystemExit("the daemon did not start")


def look(program: str, testssl: str, at: Path) -> int:
    make_certificate(at)
    daemon = subprocess.Popen(
        [program, "--listen.enabled=false", "--listen_tls.enabled", "--listen_tls.port=0",
         f"--tls.certificate_file={at}/server.pem", f"--tls.key_file={at}/server.key",
         "--log.format=json"],
        stderr=subprocess.PIPE, text=True,
    )
    try:
        port = port_of(daemon)
        report = at / "report.json"
        subprocess.run(
            [testssl, "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1",
             "--add-ca", f"{at}/ca.pem", "--jsonfile-pretty", str(report),
             "--protocols", "--std", "--fs", "--server-preference", "--server-defaults",
             "--vulnerable", f"localhost:{port}"],
            stdout=subprocess.DEVNULL, check=False, timeout=600,
        )
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=60)
    all_of_it = list(findings(json.loads(report.read_text())))
    said = {each["id"] for each in all_of_it}
    faults = [
        each for each in all_of_it
        if each["severity"] in FAULTS and each["id"] not in ABOUT_PUBLIC_AUTHORITIES
    ]
    for each in faults:
        print(f"{each['severity']} {each['id']}: {each['finding']}")
    for each in sorted(MUST_SAY - said):
        print(f"testssl says nothing of {each}")
    return 1 if faults or not MUST_SAY <= said else 0


def main() -> int:
    testssl = shutil.which("testssl") or shutil.which("testssl.sh")
    if testssl is None:
        print("testssl.sh is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        return look(sys.argv[1], testssl, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
