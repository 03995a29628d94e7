"""Chromium for the tests of the live page: `python -m tests.chromium` gets one where none is installed.

Debian's package where we may install it, else the npm package @sparticuz/chromium, unpacked beside the environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHROMIUM = "153.0.0"
PLACE = Path(sys.prefix) / "chromium"
UNPACK = "import('@sparticuz/chromium').then(async ({default: c}) => console.log(await c.executablePath()))"
ARGUMENTS = ("--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update")


def found() -> Path | None:
    """The browser: FSM_CHROMIUM, one on PATH, or the one that was unpacked here."""
    named = os.environ.get("FSM_CHROMIUM")
    on_path = named or shutil.which("chromium") or shutil.which("chromium-browser")
    if on_path:
        return Path(on_path)
    return PLACE / "bin" / "chromium" if (PLACE / "bin" / "chromium").exists() else None


def provide() -> None:
    """Get a browser, and show that it starts. Raises CalledProcessError, RuntimeError."""
    if found() is None and not _from_debian():
        _from_npm()
    browser = found()
    if browser is None:
        raise RuntimeError("There is no Chromium, and none could be installed. Set FSM_CHROMIUM to one.")
    subprocess.run([browser, "--version", *ARGUMENTS], check=True, timeout=60, stdout=subprocess.DEVNULL)


def _from_debian() -> bool:
    """Install Debian's package; False where that is not ours to do."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    quiet = {"check": False, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": 600}
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"]
    for command in (["apt-get", "update", "-qq"], install):
        subprocess.run(command, env=environment, **quiet)  # type: ignore[call-overload]
    return found() is not None


def _from_npm() -> None:
    """Unpack the build for machines without a screen, and the libraries that come with it."""
    tools = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}",
        "TMPDIR": str(PLACE / "bin"),
    }
    (PLACE / "bin").mkdir(parents=True, exist_ok=True)
    package = f"@sparticuz/chromium@{CHROMIUM}"
    install = [f"{tools}/npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", f"{PLACE}", package]
    subprocess.run(install, env=environment, check=True, timeout=600)
    subprocess.run([tools / "node", "-e", UNPACK], cwd=PLACE, env=environment, check=True, timeout=120)


if __name__ == "__main__":
    provide()
