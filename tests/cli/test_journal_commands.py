"""`journal verify · export · backup · migrate` as a user calls them."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from nimbus_tui.cli import main
from nimbus_tui.core.events import Info
from nimbus_tui.journal.schema import bring_up_to_date, migrations
from nimbus_tui.journal.sqlite import SqliteJournal
from tests.contracts.journal import a_fill
from tests.journal.history import change, traded, value

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def called(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["nimbus-tui", "journal", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return called


async def test_a_healthy_journal_ends_with_0_and_a_broken_one_with_1(
    call: Call, tmp_path: Path
) -> None:
    path = tmp_path / "j.db"
    await traded(path)
    assert call("verify", "--engine", path) == (0, "", f"{path}: all is well\n")
    change(path, "DELETE FROM events WHERE seq IN (5, 6)")
    code, out, said = call("verify", "--engine", path)
    assert (code, out) == (1, "sequence: event 7: missing before it: 5 to 6\n")
    assert "1 problem" in said
    code, out, _ = call("verify", "--json", "--engine", path)
    assert code == 1
    assert json.loads(out) == {
        "journal": str(path),
        "ok": False,
        "problems": [
            {"invariant": "sequence", "subject": "event 7", "detail": "missing before it: 5 to 6"}
        ],
    }


def test_an_engine_is_found_by_its_name(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    SqliteJournal.open(tmp_path / "home" / "journal.db").close()
    for arguments in ((), ("--engine", "home")):
        assert call("verify", *arguments)[0] == 0
    code, _, said = call("verify", "--engine", "other")
    assert code == 1
    assert "there is no journal at" in said


def test_an_export_replaces_its_file_only_when_it_is_whole(call: Call, tmp_path: Path) -> None:
    path, out = tmp_path / "j.db", tmp_path / "fills.csv"
    journal = SqliteJournal.open(path)
    with journal.transaction():
        journal.record_fill(a_fill())
    out.write_text("the old one")
    assert call("export", "fills", "--engine", path, "--out", out)[0] == 0
    assert out.read_text().count("\n") == 2
    kept = out.read_text()
    with journal.transaction():
        journal._execute("INSERT INTO fills VALUES (2, 'sim', '2', 'eth', 7, x'00')")
    code, _, said = call("export", "fills", "--engine", path, "--out", out)
    assert code == 1
    assert "fill 2" in said
    assert out.read_text() == kept
    assert sorted(p.name for p in tmp_path.glob("*part*")) == []
    journal.close()


async def test_an_export_of_one_bot_goes_to_stdout(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await traded(path)
    code, out, said = call(
        "export", "orders", "--format", "jsonl", "--bot", "grid", "--engine", path
    )
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, said) == (0, "")
    assert {row["bot_id"] for row in rows} == {"grid"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing",), "there is no table 'nothing'; there are events, orders, fills"),
        (("fills", "--bot", "nobody"), "no bot nobody; there are grid"),
        (("facts", "--bot", "grid"), "belong to no bot"),
        (("fills", "--out", "/nowhere/at/all.csv"), "there is no folder /nowhere/at"),
    ],
)
async def test_what_can_not_be_exported_is_said(
    arguments: tuple[str, ...], words: str, call: Call, tmp_path: Path
) -> None:
    await traded(tmp_path / "j.db")
    code, out, said = call("export", *arguments, "--engine", tmp_path / "j.db")
    assert (code, out) == (2, "")
    assert words in said


def test_a_backup_is_whole_while_the_engine_writes(call: Call, tmp_path: Path) -> None:
    path, copy = tmp_path / "j.db", tmp_path / "copy.db"
    journal = SqliteJournal.open(path)
    with journal.transaction():
        journal.append_events([Info(message="a", seq=n, ts=n) for n in range(1, 1001)])
    with journal.transaction():
        journal.append_events([Info(message="not committed", seq=1001, ts=1)])
        assert call("backup", copy, "--engine", path)[0] == 0
    assert SqliteJournal.read(copy).last_seq() == 1000
    assert call("verify", "--engine", copy)[0] == 0
    code, _, said = call("backup", copy, "--engine", path)
    assert code == 2
    assert "--force" in said
    assert call("backup", copy, "--engine", path, "--force")[0] == 0
    assert SqliteJournal.read(copy).last_seq() == 1001
    assert call("backup", path, "--engine", path, "--force")[0] == 2
    journal.close()


def test_an_old_journal_is_brought_up_to_date_and_a_newer_one_refused(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, newest = tmp_path / "j.db", migrations()[-1].version
    connection = sqlite3.connect(path, isolation_level=None)
    with monkeypatch.context() as older:
        older.setattr("nimbus_tui.journal.schema.migrations", lambda: migrations()[:1])
        bring_up_to_date(connection)
    connection.close()
    code, _, said = call("verify", "--engine", path)
    assert code == 1
    assert "journal migrate" in said
    code, _, said = call("migrate", "--engine", path)
    assert code == 0
    assert said.splitlines() == [
        *(f"{step.version}: {step.name.replace('_', ' ')}" for step in migrations()[1:]),
        f"{path}: schema version 1 is now {newest}",
    ]
    assert call("verify", "--engine", path)[0] == 0
    assert (
        call("migrate", "--engine", path)[2] == f"{path}: schema version {newest} is up to date\n"
    )
    change(path, "INSERT INTO schema_version VALUES (99, 'x')")
    for command in ("migrate", "verify"):
        code, _, said = call(command, "--engine", path)
        assert code == 1
        assert f"schema version 99, this program knows up to {newest}" in said
    assert value(path, "SELECT count(*) FROM schema_version") == newest + 1


def test_a_journal_in_use_is_not_migrated(call: Call, tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path / "j.db")
    code, _, said = call("migrate", "--engine", tmp_path / "j.db")
    assert code == 1
    assert "in use by process" in said
    journal.close()
