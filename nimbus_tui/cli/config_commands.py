"""`nimbus-tui config …`: check a config file, print its schema."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from nimbus_tui.cli.diagnostics import ExitCode, say
from nimbus_tui.cli.output import print_json

config_app = typer.Typer(help="Check config files and print their schema.", no_args_is_help=True)


@config_app.command("check")
def check(
    config: Path,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say everything that is wrong with a config file, with line and column."""
    from nimbus_tui.bootstrap import load_config
    from nimbus_tui.config.loader import BadConfig

    problems = []
    try:
        load_config(config)
    except BadConfig as error:
        problems = error.problems
    if as_json:
        print_json({"ok": not problems, "errors": problems})
    else:
        for problem in problems:
            say(str(problem))
        count = len(problems)
        say(f"{config}: {f'{count} problem' + 's' * (count > 1) if count else 'all well'}")
    if problems:
        raise typer.Exit(ExitCode.USAGE)


@config_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of the config file."""
    print_json(_schema())


def _schema() -> dict[str, Any]:
    from nimbus_tui.config import model
    from nimbus_tui.strategies.factory import strategy_class, strategy_names

    def of(kind: Any) -> Any:
        return msgspec.json.schema(kind)

    bots = {name: of(strategy_class(name).Config) for name in strategy_names()}
    return {
        "engine": of(model.EngineSection),
        "ui": of(model.UiSection),
        "exchanges": of(model.ExchangeSection),
        "bots": {"common": of(model.BotSection), "strategies": bots},
    }
