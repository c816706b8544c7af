"""Finishes package-lock.json after npm wrote it; `scripts/lock` runs this.

* npm records funding pages; a lock file needs no addresses.
* npm leaves out an optional package that the registry in use does not carry, and `npm ci` then refuses the
  lock. Foundry's programs come as one such package per platform: the missing ones are entered by name,
  version and platform. They carry no checksum, so only platforms whose packages could be had are checked.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CPUS = {"amd64": "x64", "arm64": "arm64"}


def tidy(lock: dict[str, Any]) -> dict[str, Any]:
    """Returns the lock without addresses and with an entry for every optional package."""
    packages = {
        path: {key: value for key, value in package.items() if key not in {"funding", "resolved"}}
        for path, package in lock["packages"].items()
    }
    wanted = {
        name: version
        for package in lock["packages"].values()
        for name, version in package.get("optionalDependencies", {}).items()
    }
    for name, version in wanted.items():
        if f"node_modules/{name}" not in packages:
            packages[f"node_modules/{name}"] = _platform_package(name, version)
    return {**lock, "packages": dict(sorted(packages.items()))}


def _platform_package(name: str, version: str) -> dict[str, Any]:
    system, cpu = name.split("-")[-2:]
    return {"version": version, "cpu": [CPUS[cpu]], "dev": True, "optional": True, "os": [system]}


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "package-lock.json")
    path.write_text(json.dumps(tidy(json.loads(path.read_text())), indent=2) + "\n")
