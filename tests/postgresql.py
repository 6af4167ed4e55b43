"""A real PostgreSQL server for tests: made in a temporary folder, on loopback, stopped at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path:
    """Folder of `initdb` and `pg_ctl`, the newest version installed.

    Raises:
        FileNotFoundError: there is no PostgreSQL server on this machine.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    plain = shutil.which("initdb")
    if found:
        return found[-1].parent
    if plain:
        return Path(plain).parent
    raise FileNotFoundError("no PostgreSQL server: run `make test-tools`")


@contextmanager
def server() -> Iterator[str]:
    """Run a server and give its SQLAlchemy URL.  It refuses to run as root, so root hands it to a user."""
    folder = Path(tempfile.mkdtemp(prefix="kbsearch-pg-"))
    user: str | None = None
    if os.getuid() == 0:
        user = "postgres" if _exists("postgres") else "nobody"
        shutil.chown(folder, user)
    port = _free_port()

    def run(name: str, *arguments: str) -> None:
        subprocess.run(
            [str(binaries() / name), *arguments],
            check=True,
            user=user,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "kbsearch", "-A", "trust", "--no-sync", "-E", "UTF8")
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://kbsearch@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
