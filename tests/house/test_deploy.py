"""The unit files are ones that systemd takes, and say what the program means."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nimbus_tui.cli.diagnostics import ExitCode
from nimbus_tui.vault.sources import PASSPHRASE_CREDENTIAL

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = {"--system": DEPLOY / "nimbus-tui.service", "--user": DEPLOY / "user/nimbus-tui.service"}


def settings(unit: Path) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("kind", UNITS)
def test_a_unit_means_what_the_program_does(kind: str) -> None:
    unit = settings(UNITS[kind])
    assert unit["Type"] == "notify"
    assert unit["LoadCredential"].split(":")[0] == PASSPHRASE_CREDENTIAL
    assert unit["RestartPreventExitStatus"] == f"{ExitCode.USAGE:d} {ExitCode.EMERGENCY:d}"
    assert int(unit["WatchdogSec"]) > 0
    assert " run " in unit["ExecStart"]


@pytest.mark.parametrize("kind", UNITS)
def test_systemd_takes_a_unit(kind: str, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    text = re.sub(r"(ExecStart=)\S+", rf"\g<1>{sys.executable}", UNITS[kind].read_text())
    (tmp_path / "nimbus-tui.service").write_text(text)
    (tmp_path / "run").mkdir(mode=0o700)
    done = subprocess.run(
        [program, kind, "verify", str(tmp_path / "nimbus-tui.service")],
        env={"XDG_RUNTIME_DIR": str(tmp_path / "run"), "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
