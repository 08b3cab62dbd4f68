"""The part of a wheel that pyproject.toml cannot say: the schema's types, made by protoc."""

import os
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

# One schema for all languages.
SCHEMA = Path(__file__).resolve().parents[2] / "messages/proto"


class BuildWithSchema(build_py):
    """Adds ringdown/v1. $PROTOC names another protoc than that of the PATH."""

    def run(self) -> None:
        super().run()
        proto = SCHEMA / "ringdown/v1/ringdown.proto"
        if not proto.exists():
            raise SystemExit(f"no schema: {proto}. A wheel is built in a whole source tree.")
        protoc = os.environ.get("PROTOC", "protoc")
        made = [f"--{kind}_out={self.build_lib}" for kind in ("python", "pyi")]
        try:
            subprocess.run([protoc, *made, "-I", SCHEMA, proto], check=True)
        except FileNotFoundError:
            raise SystemExit(f"no {protoc}: Debian's package is protobuf-compiler") from None


setup(cmdclass={"build_py": BuildWithSchema})
