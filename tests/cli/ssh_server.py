"""A real sshd on the loopback for one test, with keys of its own, and clients of it."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
PATIENCE_S = 20.0
SETTINGS = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/client.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
PrintLastLog no
"""


def needs_sshd() -> None:
    """Skip where there is no OpenSSH."""
    for program in (SSHD, "ssh", "ssh-keygen"):
        if shutil.which(program) is None:
            pytest.skip(f"{Path(program).name} is not installed")


class SshServer:
    """Takes one key, for the user who runs the tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        for name in ("host", "client"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)],
                check=True,
            )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "settings").write_text(SETTINGS.format(port=self.port, folder=folder))
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        log = (folder / "log").open("w")
        self.process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(folder / "settings")], stderr=log
        )
        log.close()
        self._listens()

    def _listens(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                assert time.monotonic() < end, (self._folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def client(self) -> list[str]:
        """The command of a client with a shell on a terminal."""
        return [
            "ssh", "-tt", "-F", "/dev/null", "-p", str(self.port),
            "-i", str(self._folder / "client"), "-o", "StrictHostKeyChecking=no",
            "-o", f"UserKnownHostsFile={self._folder}/known", "-o", "LogLevel=ERROR", "127.0.0.1",
        ]  # fmt: skip

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
