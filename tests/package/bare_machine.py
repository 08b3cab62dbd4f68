#!/usr/bin/env python3
"""Makes a bare Debian in a folder of what this machine has installed, to chroot into.

    bare_machine.py <folder> <package.deb | name>...

It holds the essential packages, those that are named, and what these and the given files depend on,
nothing else: what they need and do not say is missing there. No mount, no network; only root can
make it. Exit status 77, with a reason, where this machine cannot.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

DATABASE = Path("/var/lib/dpkg")
# What no package lists, and a running Debian has.
BESIDE_PACKAGES = ["/etc/alternatives", "/etc/ld.so.conf.d", "/etc/pam.d"]


def skip(why):
    print(f"skipped: {why}", file=sys.stderr)
    sys.exit(77)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def fields(paragraph):
    """A paragraph of dpkg's database: names and values, continuations with them."""
    return dict(re.findall(r"^([A-Za-z-]+): ?((?:.|\n[ \t])*)$", paragraph, re.MULTILINE))


def alternatives(relations):
    """`a | b (>= 1), c` as [[a, b], [c]]."""
    return [
        [re.split(r"[ (:\[]", one.strip())[0] for one in each.split("|")]
        for each in relations.split(",")
        if each.strip()
    ]


class Machine:
    """The packages that are installed here."""

    def __init__(self):
        self.paragraphs = {}
        self.provided = {}
        for text in (DATABASE / "status").read_text(encoding="utf-8").split("\n\n"):
            one = fields(text)
            if not re.search("ok (installed|triggers-[a-z]+)$", one.get("Status", "")):
                continue
            name = one["Package"]
            # Triggers that wait on this machine wait for packages that the other one has not.
            text = re.sub(r"\nTriggers-[A-Za-z]+:.*", "", text)
            text = re.sub(r"\nStatus:.*", "\nStatus: install ok installed", text)
            self.paragraphs.setdefault(name, text.strip("\n"))
            for provided in alternatives(one.get("Provides", "")):
                self.provided.setdefault(provided[0], name)

    def essential(self):
        return [n for n, text in self.paragraphs.items() if "\nEssential: yes" in text]

    def needs(self, paragraph):
        one = fields(paragraph)
        return alternatives(f"{one.get('Pre-Depends', '')},{one.get('Depends', '')}")

    def closure(self, wanted, own):
        """The packages that satisfy `wanted`, and theirs; `own` come from elsewhere."""
        found, todo = set(), list(wanted)
        while todo:
            choice = todo.pop()
            if any(name in own or name in found for name in choice):
                continue
            here = [n for n in choice if n in self.paragraphs]
            here += [self.provided[n] for n in choice if n in self.provided]
            if not here:
                skip(f"this machine has no package {' or '.join(choice)}")
            if here[0] not in found:
                found.add(here[0])
                todo += self.needs(self.paragraphs[here[0]])
        return found


def info_files(name):
    """Of a package in dpkg's own folder: lists, scripts, and so on."""
    found = (DATABASE / "info").glob(f"{name}[.:]*")
    return [p for p in found if p.stem.split(":")[0] == name] # python3.11.list is none of python3


def files_of(names):
    """What these packages have installed, as far as it is there."""
    paths = list(BESIDE_PACKAGES)
    for name in names:
        for listing in (p for p in info_files(name) if p.suffix == ".list"):
            paths += listing.read_text(encoding="utf-8").splitlines()
    for folder in ("/usr/bin", "/usr/sbin"):
        paths += [
            str(p) for p in Path(folder).iterdir()
            if p.is_symlink() and os.readlink(p).startswith("/etc/alternatives/")
        ]
    manuals = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/")
    return [p for p in paths if p not in ("", "/.") and os.path.lexists(p)
            and not p.startswith(manuals)]


def copy(paths, root):
    """Each path alone, its rights and owners with it; folders with what is listed of them."""
    listing = root.parent / f"{root.name}.files"
    whole = {b for b in BESIDE_PACKAGES if b in paths}
    for folder in whole:
        paths = paths + [str(p) for p in Path(folder).iterdir()]
    # Packages list /bin/sh where /bin leads to /usr/bin. Folders come before what is in them.
    true_paths = {os.path.join(os.path.realpath(os.path.dirname(p)), os.path.basename(p))
                  for p in paths}
    listing.write_text("\n".join(p.lstrip("/") for p in sorted(true_paths)) + "\n")
    subprocess.run(
        f"tar -C / --no-recursion -cf - -T '{listing}' | tar -C '{root}' -xpf -",
        shell=True, check=True)


def main():
    root = Path(sys.argv[1])
    packages = [each for each in sys.argv[2:] if each.endswith(".deb")]
    named = [each for each in sys.argv[2:] if not each.endswith(".deb")]
    if os.geteuid() != 0:
        skip("only root can make a root of its own")
    if not (DATABASE / "status").exists():
        skip("this is no Debian")
    machine = Machine()
    controls = [output("dpkg-deb", "-f", package) for package in packages]
    own = {fields(text)["Package"] for text in controls}
    wanted = [[name] for name in machine.essential() + named]
    for text in controls:
        wanted += machine.needs(text)
    names = machine.closure(wanted, own)

    root.mkdir(parents=True)
    copy(files_of(names), root)
    for folder, rights in (("tmp", 0o1777), ("dev", 0o755), ("proc", 0o755), ("run", 0o755)):
        (root / folder).mkdir(exist_ok=True)
        (root / folder).chmod(rights)
    if subprocess.run(["mknod", "-m", "666", root / "dev/null", "c", "1", "3"]).returncode:
        skip("no device can be made here")

    (root / "dev/fd").symlink_to("/proc/self/fd")

    # Users as a new machine has them, and the database of these packages alone.
    for name in ("passwd", "group"):
        shutil.copy(f"/usr/share/base-passwd/{name}.master", root / "etc" / name)
    shutil.copy("/etc/ld.so.conf", root / "etc/ld.so.conf")
    database = root / DATABASE.relative_to("/")
    for folder in ("info", "updates", "triggers", "alternatives", "parts"):
        (database / folder).mkdir(parents=True, exist_ok=True)
    paragraphs = [machine.paragraphs[name] + "\n" for name in sorted(names)]
    (database / "status").write_text("\n".join(paragraphs))
    for name in names:
        for file in info_files(name):
            shutil.copy(file, database / "info" / file.name)
    if subprocess.run(["chroot", root, "ldconfig"]).returncode:
        skip("nobody may chroot here")
    # Nobody needs it after a power cut: dpkg waits for the disk otherwise.
    (root / "etc/dpkg/dpkg.cfg.d").mkdir(parents=True, exist_ok=True)
    (root / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")
    # dpkg reads all triggers anew, and finds that some are due.
    inside = ["chroot", root, "dpkg"]
    subprocess.run([*inside, "--configure", "-a"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*inside, "--triggers-only", "-a"], check=True, stdout=subprocess.DEVNULL)
    print(f"{len(names)} packages in {root}")


main()
