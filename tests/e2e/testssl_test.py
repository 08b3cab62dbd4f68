"""What testssl.sh says of the TLS port: no fault, and enough for grade A.

testssl.sh 3.0 rates nothing by itself (3.2 does, and is asked then too), so the grade is worked
out here from what it found, by the rules of SSL Labs that 3.2 goes by as well.

usage: testssl_test.py RINGDOWND    exit status 77: there is no testssl
"""

from __future__ import annotations

import json
import re
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

# What keeps a server below A, whatever its points: it must be found, and found so.
NEEDED_FOR_A = {
    "SSLv2": "not offered", "SSLv3": "not offered", "TLS1": "not offered", "TLS1_1": "not offered",
    "TLS1_2": "offered", "TLS1_3": "offered", "PFS": "offered",
    "cipherlist_NULL": "not offered", "cipherlist_aNULL": "not offered",
    "cipherlist_EXPORT": "not offered", "cipherlist_LOW": "not offered",
    "cipherlist_3DES_IDEA": "not offered", "cipherlist_STRONG": "offered",
    "cert_chain_of_trust": "passed", "cert_trust": "Ok", "secure_renego": "supported",
    "heartbleed": "not vulnerable", "CCS": "not vulnerable", "ticketbleed": "not ",
    "ROBOT": "not vulnerable", "secure_client_renego": "not vulnerable",
    "CRIME_TLS": "not vulnerable",
    "POODLE_SSL": "not vulnerable", "SWEET32": "not vulnerable", "FREAK": "not vulnerable",
    "DROWN": "not vulnerable", "LOGJAM": "not vulnerable", "BEAST": "not vulnerable",
    "LUCKY13": "not vulnerable", "RC4": "not vulnerable",
}
PROTOCOL_POINTS = {"SSLv3": 80, "TLS1": 90, "TLS1_1": 95, "TLS1_2": 100, "TLS1_3": 100}
POINTS_OF_A = 80


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


def middle(points: list[int]) -> float:
    return (min(points) + max(points)) / 2 if points else 0


def key_points(finding: str) -> int:
    """Of `EC 256 bits` and `RSA 2048 bits`: a curve of 256 bits is as strong as RSA of 3072."""
    kind, bits = re.findall(r"(EC|RSA)\D*(\d+) bits", finding)[0]
    strength = int(bits) * 12 if kind == "EC" else int(bits)
    return 100 if strength >= 4096 else 90 if strength >= 2048 else 0


def cipher_points(names: str) -> list[int]:
    return [100 if re.search("AES_?256|CHACHA20", name) else 80 for name in names.split()]


def points(found: dict[str, str]) -> float:
    """30 % protocols, 30 % keys, 40 % ciphers; of each the middle of the best and the worst."""
    protocols = [
        of for name, of in PROTOCOL_POINTS.items() if found.get(name, "").startswith("offered")
    ]
    ciphers = [
        of for name, finding in found.items() if name.startswith("cipherorder_")
        for of in cipher_points(finding)
    ]
    keys = [key_points(found["cert_keySize"])]
    return 0.3 * middle(protocols) + 0.3 * middle(keys) + 0.4 * middle(ciphers)


def faults_of_grade(all_of_it: list[dict[str, str]]) -> list[str]:
    """Why it would be no A."""
    found = {each["id"]: each["finding"] for each in all_of_it}
    found.setdefault("PFS", found.get("FS", "not found")) # as 3.2 calls it
    faults = [
        f"{name} is {found.get(name, 'not found')!r}, not {wanted!r}"
        for name, wanted in NEEDED_FOR_A.items() if not found.get(name, "").startswith(wanted)
    ]
    reached = points(found)
    if reached < POINTS_OF_A:
        faults.append(f"{reached:.0f} points, below {POINTS_OF_A}")
    if not found.get("overall_grade", "A").startswith("A"):
        faults.append(f"overall_grade is {found['overall_grade']}")
    print(f"{reached:.0f} points, {'A' if not faults else 'no A'}")
    return faults


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
    below = faults_of_grade(all_of_it)
    for each in below:
        print(f"no grade A: {each}")
    return 1 if faults or below or not MUST_SAY <= said else 0


def main() -> int:
    testssl = shutil.which("testssl") or shutil.which("testssl.sh")
    if testssl is None:
        print("testssl.sh is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        return look(sys.argv[1], testssl, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
