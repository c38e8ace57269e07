"""`config check` and `config schema` as a user and as a script meet them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nimbus_tui.cli.main import main
from nimbus_tui.config.locations import shipped
from tests.config.texts import GOOD

SAMPLES = sorted(shipped("sample_configs").glob("*.toml"))

BROKEN = {
    "typo in a key": (
        ("spacing =", "spacng ="),
        ":8:1 bots.eth.spacng:",
        "did you mean 'spacing'?",
    ),
    "wrong type": (("= 3", '= "three"'), ":9:1 bots.eth.levels:", "must be a whole number"),
    "spacing 0": (("= 0.5", "= 0"), ":8:1 bots.eth.spacing:", "greater than 0"),
    "levels -1": (("= 3", "= -1"), ":9:1 bots.eth.levels:", "at least 1"),
    "unknown strategy": (('"grid"', '"gird"'), ":5:1 bots.eth.strategy:", "did you mean 'grid'?"),
    "missing exchange": (('exchange = "sim"\n', ""), ":4:2 bots.eth.exchange:", "there are: sim"),
    "duplicate bot": (
        ("quote_size = 100", "quote_size = 100\n[bots.eth]"),
        ":11:2 bots.eth:",
        "in line 4 and in line 11; rename one",
    ),
    "bad TOML": (("= 0.5", "= = 0.5"), ":8:11:", "not valid TOML"),
    "base price of zero": (("= 3", "= 3\nbase_price = 0"), ":10:1 bots.eth.base_price:", "than 0"),
    "trigger price of zero": (
        ("= 3", "= 3\ntrigger_price = 0"),
        ":10:1 bots.eth.trigger_price:",
        "greater than 0",
    ),
}


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command line in this process; returns the exit code."""
    monkeypatch.setattr(sys, "argv", ["nimbus-tui", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    code = caught.value.code
    assert code is None or isinstance(code, int)
    return code or 0


@pytest.mark.parametrize("command", [("config", "check"), ("run",)])
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_config_is_one_screen_with_place_and_remedy(
    name: str,
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (old, new), place, remedy = BROKEN[name]
    assert old in GOOD
    path = tmp_path / "bots.toml"
    path.write_text(GOOD.replace(old, new, 1))
    assert ended(monkeypatch, *command, str(path)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{path}{place}" in err
    assert remedy in err
    assert len(err.splitlines()) <= 2
    assert "Traceback" not in err


@pytest.mark.parametrize("command", [("config", "check"), ("run",)])
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("", None, "that is a folder"),
        ("none.toml", None, "there is no such file"),
        ("latin.toml", b"name = '\xe9'", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_screen_too(
    name: str,
    content: bytes | None,
    words: str,
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert ended(monkeypatch, *command, str(path)) == 2
    err = capsys.readouterr().err
    assert f"{path}:1:1: " in err
    assert words in err
    assert len(err.splitlines()) <= 2


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_sample_is_well(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "config", "check", str(path)) == 0
    out, err = capsys.readouterr()
    *told, last = err.splitlines()
    assert (out, last) == ("", f"{path}: all well")
    assert all(": risk rules that are off: " in line for line in told)


def test_problems_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bots.toml"
    path.write_text(GOOD.replace("0.5", "0").replace("= 3", "= 0"))
    assert ended(monkeypatch, "config", "check", str(path)) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"{path}: 2 problems"


def test_a_script_gets_one_document_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bots.toml"
    path.write_text(GOOD.replace("0.5", "0"))
    assert ended(monkeypatch, "config", "check", "--json", str(path)) == 2
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out) == {
        "ok": False,
        "errors": [
            {
                "file": str(path),
                "line": 8,
                "column": 1,
                "key": "bots.eth.spacing",
                "message": "must be greater than 0, not 0",
            }
        ],
    }
    path.write_text(GOOD)
    assert ended(monkeypatch, "config", "check", "--json", str(path)) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "errors": []}


def test_the_schema_is_one_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "config", "schema") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "bots" in json.loads(out)["properties"]


def test_a_process_ends_like_that_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nimbus_tui", "config", "check", str(tmp_path / "none.toml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no such file" in done.stderr


def test_a_reader_that_has_gone_away_is_no_failure() -> None:
    command = f"{sys.executable} -m nimbus_tui config schema"
    pipe = f"set -o pipefail; {{ {command}; echo ended $? >&2; }} | true"
    done = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=False)
    assert done.stderr == "ended 0\n"
