"""`nimbus-tui doctor`: what is wrong with the surroundings, and how to mend it."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from nimbus_tui.cli import engine_checks, machine_checks
from nimbus_tui.cli.config_files import configs
from nimbus_tui.cli.diagnostics import friendly
from nimbus_tui.cli.findings import document, exit_code, print_findings
from nimbus_tui.cli.observations import Observation, problem
from nimbus_tui.cli.output import print_json
from nimbus_tui.cli.running_engine import JsonOption
from nimbus_tui.core.errors import ConfigError, NimbusError

Look = Callable[[], Iterable[Observation]]


def doctor(
    config: Annotated[
        Path | None,
        typer.Argument(help="A config file; else those here and in the config folder."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look at everything around the bots, and say what is wrong and how to mend it; 1 if so."""
    with friendly():
        seen = [one for area, look in _looks(config) for one in _seen(area, look)]
        code = exit_code(one.verdict for one in seen)
        if as_json:
            print_json({"ok": not code, "findings": document(seen)})
        else:
            print_findings(seen)
    if code:
        raise SystemExit(code)


def _looks(config: Path | None) -> list[tuple[str, Look]]:
    from nimbus_tui.config.locations import data_folder

    paths = _config_paths(config)
    has_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    size = shutil.get_terminal_size() if has_terminal else None
    return [
        ("terminal", lambda: machine_checks.terminal(os.environ, size)),
        ("locale", machine_checks.language),
        ("versions", machine_checks.versions),
        ("config", lambda: engine_checks.configs(paths)),
        ("journal", engine_checks.journals),
        ("disk", lambda: machine_checks.disk(data_folder("any").parent)),
        ("vault", engine_checks.vault),
        ("clock", machine_checks.clock),
        ("venues", lambda: _venues(paths)),
        ("login", lambda: machine_checks.lingering(os.environ)),
    ]


def _config_paths(given: Path | None) -> list[Path]:
    """What is given, else every config that is found."""
    return [given] if given is not None else [one.path for one in configs(None)]


def _venues(paths: list[Path]) -> Iterable[Observation]:
    readable = []
    for path in paths:
        try:
            readable += configs(path)
        except ConfigError:
            continue  # the config's own line tells it
    return asyncio.run(engine_checks.venues(readable))


def _seen(area: str, look: Look) -> list[Observation]:
    """What a look finds; one that fails is a line like the others."""
    try:
        return list(look())
    except (NimbusError, OSError) as error:
        return [problem(area, str(error), "mend what the text says, and look again")]
    except Exception as error:  # a doctor that falls ill helps nobody
        text = f"could not be looked at: {type(error).__name__}: {error}"
        return [problem(area, text, "please report this")]
