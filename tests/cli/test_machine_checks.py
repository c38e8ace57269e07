"""What `doctor` sees of the machine, each line with a verdict and, unless ok, a remedy."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nimbus_tui.cli import machine_checks
from nimbus_tui.cli.observations import Observation
from nimbus_tui.exchanges.base import Verdict

OK, WARNING, PROBLEM = Verdict.OK, Verdict.WARNING, Verdict.PROBLEM


class Disk(NamedTuple):
    total: int
    used: int
    free: int


def only(found: Any) -> Observation:
    (one,) = found
    assert one.verdict is OK or one.remedy
    return one


@pytest.mark.parametrize(
    ("size", "environment", "verdict", "words"),
    [
        ((80, 24), {"TERM": "xterm-256color"}, OK, "80 columns × 24 rows, 256 colours"),
        ((80, 24), {"TERM": "xterm", "COLORTERM": "truecolor"}, OK, "true colours"),
        ((80, 24), {"TERM": "xterm"}, WARNING, "few colours"),
        ((80, 24), {"TERM": "xterm", "NO_COLOR": "1"}, OK, "colours off"),
        ((79, 24), {"TERM": "xterm-256color"}, WARNING, "79 columns"),
        ((80, 23), {"TERM": "xterm-256color"}, WARNING, "23 rows"),
        ((80, 24), {"TERM": "dumb"}, PROBLEM, "dumb"),
        ((80, 24), {}, PROBLEM, "dumb"),
    ],
)
def test_a_terminal_is_judged_by_size_and_colours(
    size: tuple[int, int],
    environment: dict[str, str],
    verdict: Verdict,
    words: str,
) -> None:
    seen = only(machine_checks.terminal(environment, os.terminal_size(size)))
    assert seen.verdict is verdict
    assert words in seen.text


def test_no_terminal_is_no_problem() -> None:
    assert only(machine_checks.terminal({"TERM": "dumb"}, None)).verdict is OK


@pytest.mark.parametrize(("encoding", "verdict"), [("UTF-8", OK), ("utf8", OK), ("ascii", PROBLEM)])
def test_text_must_be_utf8(
    monkeypatch: pytest.MonkeyPatch, encoding: str, verdict: Verdict
) -> None:
    monkeypatch.setattr(machine_checks.locale, "getpreferredencoding", lambda _: encoding)
    assert only(machine_checks.language()).verdict is verdict


def test_versions_name_the_program_python_and_the_packages() -> None:
    program, packages = machine_checks.versions()
    assert program.text.startswith("nimbus-tui ")
    assert "textual " in packages.text
    assert "pytest" not in packages.text


def test_a_missing_package_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        machine_checks, "requires", lambda _: ["no-such-package>=1", 'x; extra == "dev"']
    )
    _, missing, _ = machine_checks.versions()
    assert (missing.verdict, missing.text) == (PROBLEM, "missing: no-such-package")


@pytest.mark.parametrize(
    ("free", "verdict"), [(2_000_000_000, OK), (999_999_999, WARNING), (49_999_999, PROBLEM)]
)
def test_the_room_on_the_disk_is_judged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, verdict: Verdict
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(1, 1, free))
    seen = only(machine_checks.disk(tmp_path / "not" / "there" / "yet"))
    assert seen.verdict is verdict


def test_a_folder_that_cannot_be_written_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "can't be written" in only(machine_checks.disk(tmp_path)).text


def answers(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, script: str) -> None:
    """Put a program of the system on the path that says what a test wants."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


CLOCKS: Sequence[tuple[str, Verdict, str]] = [
    ("echo yes", OK, "synchronised by NTP"),
    ("echo no", WARNING, "not synchronised"),
    ("exit 1", OK, "not told here"),
    ("printf '\\377\\376'", OK, "not told here"),
]


@pytest.mark.parametrize(("script", "verdict", "words"), CLOCKS)
def test_the_clock_is_asked_about(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, verdict: Verdict, words: str
) -> None:
    answers(monkeypatch, tmp_path, "timedatectl", script)
    seen = only(machine_checks.clock())
    assert (seen.verdict, words in seen.text) == (verdict, True)


@pytest.mark.parametrize(
    ("script", "uid", "verdict"),
    [("echo yes", 1000, OK), ("echo no", 1000, WARNING), ("echo no", 0, OK), ("exit 1", 1000, OK)],
)
def test_the_login_manager_is_asked_whether_it_ends_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, uid: int, verdict: Verdict
) -> None:
    answers(monkeypatch, tmp_path, "loginctl", script)
    monkeypatch.setattr(os, "getuid", lambda: uid)
    seen = only(machine_checks.lingering({"USER": "me"}))
    assert seen.verdict is verdict


def test_a_program_that_never_answers_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answers(monkeypatch, tmp_path, "timedatectl", "exec sleep 60")
    monkeypatch.setattr(machine_checks, "ANSWER_S", 0.1)
    assert "not told here" in only(machine_checks.clock()).text
