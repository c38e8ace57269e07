"""Commands for the journal's file itself: verify, export, backup, migrate."""

import sys
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nimbus_tui.cli.diagnostics import ExitCode, friendly, say
from nimbus_tui.cli.output import print_json, print_text
from nimbus_tui.core.errors import ConfigError, JournalError

if TYPE_CHECKING:
    from nimbus_tui.journal.reader import JournalReader
    from nimbus_tui.journal.tables import Table

journal_app = typer.Typer(no_args_is_help=True, help="Check, export, copy and migrate the journal.")

Which = Annotated[
    str | None, typer.Option("--engine", help="Name of the engine, or path of a journal.")
]


class Format(Enum):
    """What a table can be written as."""

    CSV = "csv"
    JSONL = "jsonl"


def journal_file(given: str | None) -> Path:
    """The journal that is meant: a path as it is, else that of the engine."""
    from nimbus_tui.cli.running_engine import engine_name
    from nimbus_tui.config.locations import journal_path

    if given is not None and ("/" in given or given.endswith(".db")):
        return Path(given)
    return journal_path(engine_name(given))


@journal_app.command("verify")
def verify_command(
    engine: Which = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of lines.")] = False,
) -> None:
    """Check every promise over the stored history; exit 1 when one does not hold."""
    with friendly():
        from nimbus_tui.journal.reader import JournalReader
        from nimbus_tui.journal.verify import verify

        path = journal_file(engine)
        with JournalReader.open(path) as reader:
            found = verify(reader)
        if as_json:
            print_json({"journal": str(path), "ok": not found, "problems": found})
        else:
            for problem in found:
                print_text(f"{problem.invariant}: {problem.subject}: {problem.detail}")
            say(f"{path}: {_count(len(found), 'problem') if found else 'all is well'}")
    if found:
        raise SystemExit(ExitCode.FAILED)


@journal_app.command("export")
def export_command(
    table: Annotated[str, typer.Argument(help="events, orders, fills, disposals, bots, …")],
    file_format: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.CSV,
    out: Annotated[Path | None, typer.Option("--out", help="A file; else stdout.")] = None,
    bot: Annotated[
        list[str] | None, typer.Option("--bot", help="Only this bot; repeat it.")
    ] = None,
    engine: Which = None,
) -> None:
    """Write a table as CSV or JSON lines, also while its engine runs."""
    with friendly():
        from nimbus_tui.journal.files import written_whole
        from nimbus_tui.journal.reader import JournalReader

        wanted = _table(table)
        bots = bot or []
        if bots and not wanted.of_bots:
            raise ConfigError(f"--bot: {table} belong to no bot")
        with JournalReader.open(journal_file(engine)) as reader:
            _check_bots(reader, bots)
            write = partial(_write, reader, wanted, file_format, bots)
            if out is None:
                write(None)
                return
            if not out.parent.is_dir():
                raise ConfigError(f"--out: there is no folder {out.parent}")
            count = written_whole(out, write)
        say(f"{out}: {_count(count, 'row')} of {table}")


def _table(name: str) -> "Table":
    from nimbus_tui.journal.tables import TABLES

    if name not in TABLES:
        raise ConfigError(f"there is no table {name!r}; there are {', '.join(TABLES)}")
    return TABLES[name]


def _check_bots(reader: "JournalReader", wanted: list[str]) -> None:
    known = [str(record.bot_id) for record in reader.bots()]
    if missing := sorted(set(wanted) - set(known)):
        raise ConfigError(f"--bot: no bot {', '.join(missing)}; there are {', '.join(known)}")


def _write(
    reader: "JournalReader", table: "Table", form: Format, bots: list[str], path: Path | None
) -> int:
    from nimbus_tui.journal.tables import write_csv, write_json_lines

    writer = write_csv if form is Format.CSV else write_json_lines
    if path is None:
        count = writer(table, table.rows(reader, bots), sys.stdout)
        sys.stdout.flush()
        return count
    with path.open("w", encoding="utf-8", newline="") as stream:
        return writer(table, table.rows(reader, bots), stream)


@journal_app.command("backup")
def backup_command(
    file: Annotated[Path, typer.Argument(help="The copy; must not be there yet.")],
    engine: Which = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Make a consistent copy, also while the engine runs."""
    with friendly():
        from nimbus_tui.journal.files import written_whole
        from nimbus_tui.journal.reader import JournalReader

        source = journal_file(engine)
        if not file.parent.is_dir():
            raise ConfigError(f"there is no folder {file.parent}")
        if file.exists() and source.exists() and file.samefile(source):
            raise ConfigError(f"{file} is the journal itself; a copy needs another name")
        if file.exists() and not force:
            raise ConfigError(f"{file} is there already; give --force to replace it")
        with JournalReader.open(source) as reader:
            written_whole(file, reader.copy_to)
        with JournalReader.open(file) as copy:
            complaints = copy.complaints()
        if complaints:
            raise JournalError(f"the copy {file} is damaged as its journal is: {complaints[0]}")
        say(f"{file}: a copy of {source}, {file.stat().st_size:,} bytes")


@journal_app.command("migrate")
def migrate_command(engine: Which = None) -> None:
    """Bring a journal of an older version up to date; its engine must not run."""
    with friendly():
        from nimbus_tui.journal.sqlite_file import migrate

        path = journal_file(engine)
        before, applied = migrate(path)
        if not applied:
            say(f"{path}: schema version {before} is up to date")
            return
        for migration in applied:
            say(f"{migration.version}: {migration.name.replace('_', ' ')}")
        say(f"{path}: schema version {before} is now {applied[-1].version}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
