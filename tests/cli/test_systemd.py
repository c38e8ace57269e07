"""What `run` tells systemd: when it is ready, that its loop lives, that it ends; and its log."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from nimbus_tui.cli.systemd import Notifier, is_journal, prioritised
from tests.cli.app_terminal import ROOT, EngineHome


def run_for_a_second(home: EngineHome, stderr: Path, **settings: str) -> int:
    with stderr.open("w") as log:
        found = os.fstat(log.fileno())
        journal = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        return subprocess.run(
            [sys.executable, "-m", "nimbus_tui", "run", str(home.config), "--duration", "2"],
            env=home.environment | journal | settings, stderr=log, cwd=ROOT, check=False,
        ).returncode  # fmt: skip


def test_an_engine_says_that_it_is_ready_lives_and_ends(tmp_path: Path) -> None:
    home = EngineHome(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        code = run_for_a_second(
            home, tmp_path / "log", NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="900000"
        )
        told = []
        while True:
            try:
                told.append(listener.recv(4096).decode())
            except BlockingIOError:
                break
    assert code == 0
    assert told[0] == "READY=1\nSTATUS=trading with 1 bots"
    assert told[-1].startswith("STOPPING=1")
    assert set(told[1:-1]) == {"WATCHDOG=1"}
    assert len(told) >= 4


def test_lines_for_the_journal_have_priorities_and_neither_times_nor_colours(
    tmp_path: Path,
) -> None:
    home = EngineHome(tmp_path)
    assert run_for_a_second(home, tmp_path / "log") == 0
    lines = (tmp_path / "log").read_text().splitlines()
    events = [line for line in lines if line.startswith("<")]
    assert any(line.startswith("<6>eth  ") for line in events), lines
    assert any(line.startswith("<6>engine  ") for line in events), lines
    assert "\x1b" not in "".join(lines)


def test_every_line_of_a_text_gets_its_priority() -> None:
    assert prioritised(40, "one\ntwo") == "<3>one\n<3>two"
    assert [prioritised(level, "x")[:3] for level in (30, 20, 10)] == ["<4>", "<6>", "<7>"]


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "60000000"}, 60.0),
        ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "60000000"}, None),
    ],
)
def test_the_watchdog_is_ours_only_if_it_is_said_so(
    settings: dict[str, str], limit: float | None
) -> None:
    assert Notifier(settings).watchdog_s == limit


def test_an_abstract_socket_is_reached_and_a_missing_one_harms_nobody(tmp_path: Path) -> None:
    name = f"@nimbus-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:])
        Notifier({"NOTIFY_SOCKET": name}).alive()
        assert listener.recv(100) == b"WATCHDOG=1"
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nowhere")}).alive()


def test_stderr_that_leads_elsewhere_is_no_journal() -> None:
    assert not is_journal({})
    assert not is_journal({"JOURNAL_STREAM": "1:2"})
