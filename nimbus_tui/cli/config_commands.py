"""`nimbus-tui config …`: check a config file, print the schema of all config files."""

from collections.abc import Set
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nimbus_tui.cli.diagnostics import ExitCode, friendly, say
from nimbus_tui.cli.output import print_json

if TYPE_CHECKING:
    from nimbus_tui.config.problems import ConfigProblem

config_app = typer.Typer(help="Check config files and print their schema.", no_args_is_help=True)


@config_app.command("check")
def check(
    config: Path,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say everything that is wrong with a config file, with line and column."""
    with friendly():
        problems = _problems(config)
        _warn_of_packages(told={problem.message for problem in problems})
        if as_json:
            print_json({"ok": not problems, "errors": problems})
        else:
            for problem in problems:
                say(str(problem))
            say(f"{config}: {_counted(len(problems))}")
    if problems:
        raise typer.Exit(ExitCode.USAGE)


@config_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of the config file."""
    with friendly():
        from nimbus_tui.config.schema import config_schema
        from nimbus_tui.strategies import factory

        print_json(config_schema(factory))
        _warn_of_packages(told=frozenset())


def _warn_of_packages(told: Set[str]) -> None:
    """Other packages' strategies that can't be used; no config that does without them minds."""
    from nimbus_tui.strategies.factory import unusable_offers

    for sentence in (sentence for sentence in unusable_offers() if sentence not in told):
        say(f"warning: {sentence}")


def _problems(config: Path) -> "list[ConfigProblem]":
    from nimbus_tui.bootstrap import load_config
    from nimbus_tui.config.problems import BadConfig

    try:
        load_config(config)
    except BadConfig as error:
        return error.problems
    return []


def _counted(problems: int) -> str:
    if not problems:
        return "all well"
    return "1 problem" if problems == 1 else f"{problems} problems"
