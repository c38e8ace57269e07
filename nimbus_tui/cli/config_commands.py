"""`nimbus-tui config …`: check a config file and say what it will do, print the schema of all."""

import asyncio
from collections.abc import Mapping, Set
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nimbus_tui.cli.diagnostics import ExitCode, friendly, say
from nimbus_tui.cli.output import print_json, print_text
from nimbus_tui.config.starter import Start, starter
from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.errors import ConfigError, EngineUnreachable
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.preview import ConfigPreview, PreviewPrice, PriceOrigin

if TYPE_CHECKING:
    from nimbus_tui.config.model import BotConfig, Config
    from nimbus_tui.config.problems import ConfigProblem

SECRET = "hl-agent"  # noqa: S105 - its name in the vault
ENGINE_TIMEOUT_S = 5.0
"""How long a running engine may take to say what prices it knows."""

config_app = typer.Typer(help="Check config files and print their schema.", no_args_is_help=True)


@config_app.command("check")
def check(
    config: Path,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Also what each bot would do now.")
    ] = False,
    price: Annotated[
        list[str] | None,
        typer.Option("--price", help="SYMBOL=PRICE to preview at; as often as needed."),
    ] = None,
) -> None:
    """Say everything that is wrong with a config file, with line and column."""
    with friendly():
        if price and not preview:
            raise ConfigError("--price is for --preview; give that too")
        is_well = (
            _preview(config, given_prices(price or []), as_json)
            if preview
            else _check(config, as_json)
        )
    if not is_well:
        raise typer.Exit(ExitCode.USAGE)


@config_app.command("new")
def new(
    config: Path,
    start: Annotated[
        Start, typer.Option("--for", help="Where its bot trades; the last two send real orders.")
    ] = Start.PAPER,
    account: Annotated[str, typer.Option(help="The address that is traded for.")] = "",
    secret: Annotated[str, typer.Option(help="What the agent's key is called.")] = SECRET,
) -> None:
    """Write a first config with one grid bot; never over a file that is there."""
    with friendly():
        text = starter(start, account, secret)
        try:
            with config.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise ConfigError(f"{config} is there already; take another name") from None
        say(f"{config} is written; look it through, then:")
        if start is not Start.PAPER:
            say(f"  nimbus-tui exchanges check hl --config {config}")
        say(f"  nimbus-tui config check {config} --preview")
        written, problems = _loaded(config)
        for problem in problems:
            say(str(problem))
        if written is not None:
            _say_venues(written)


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


def given_prices(given: list[str]) -> dict[Symbol, Decimal]:
    """The prices of the command line.

    Raises:
        ConfigError: one of them isn't SYMBOL=PRICE with a price above zero.
    """
    found = {}
    for text in given:
        symbol, _, number = text.rpartition("=")
        try:
            price = Decimal(number.replace("_", ""))
        except InvalidOperation:
            price = Decimal("NaN")
        if not symbol or not price.is_finite() or price <= 0:
            raise ConfigError(f"--price {text}: write SYMBOL=PRICE, like ETH/USDC=2400")
        found[Symbol(symbol)] = price
    return found


def _check(config: Path, as_json: bool) -> bool:
    read, problems = _loaded(config)
    _warn_of_packages(told={problem.message for problem in problems})
    if as_json:
        print_json({"ok": not problems, "errors": problems})
        return not problems
    if read is not None:
        _say_venues(read)
        _say_rules_off(read)
    _say_problems(config, problems)
    return not problems


def _say_venues(config: "Config") -> None:
    """For each bot of a real venue, whose money it would move."""
    for bot in config.bots.values():
        name, mode = bot.common.exchange, config.mode(bot.bot_id)
        if mode is not Mode.PAPER:
            say(f"{bot.bot_id} trades {mode.value.upper()}: real orders on {name}")
        elif venue := config.papers[name].prices_from:
            say(f"{bot.bot_id} trades on paper ({name}, at live prices of {venue})")


def _say_rules_off(config: "Config") -> None:
    """For each bot, which risk rules have no limit."""
    from nimbus_tui.config.risk_keys import rules_off

    for bot in config.bots.values():
        if off := rules_off(bot):
            say(f"{bot.bot_id}: risk rules that are off: {', '.join(off)}")


def _preview(path: Path, given: Mapping[Symbol, Decimal], as_json: bool) -> bool:
    from nimbus_tui.cli.preview_tables import document

    config, problems = _loaded(path)
    _warn_of_packages(told={problem.message for problem in problems})
    answer = ConfigPreview(errors=tuple(problems)) if config is None else _asked(config, given)
    bots = {} if config is None else {b: config.bots[b] for b in answer.previews}
    if as_json:
        previews = {
            bot_id: document(answer.previews[bot_id], _prices_of(bot, answer))
            for bot_id, bot in bots.items()
        }
        print_json({"ok": answer.ok, "errors": answer.errors, "previews": previews})
        return answer.ok
    for number, bot in enumerate(bots.values()):
        if number:
            print_text("")
        _print_bot(bot, answer)
    _say_problems(path, list(answer.errors), sum(len(p.refusals) for p in answer.previews.values()))
    return answer.ok


def _print_bot(bot: "BotConfig", answer: ConfigPreview) -> None:
    from nimbus_tui.cli.preview_tables import print_preview

    preview = answer.previews[bot.bot_id]
    title = f"{bot.bot_id} ({bot.common.strategy} on {bot.common.exchange})"
    print_preview(title, preview, _prices_of(bot, answer))
    for warning in preview.warnings:
        say(f"{bot.bot_id}: warning: {warning}")
    for refusal in preview.refusals:
        say(f"{bot.bot_id}: refused: {refusal}")


def _prices_of(bot: "BotConfig", answer: ConfigPreview) -> list[PreviewPrice]:
    return [
        price
        for price in answer.prices
        if price.exchange == bot.common.exchange and price.symbol in bot.symbols
    ]


def _asked(config: "Config", given: Mapping[Symbol, Decimal]) -> ConfigPreview:
    """The preview at the prices given, else those of the running engine, else those in files."""
    from nimbus_tui.bootstrap import preview

    traded = sorted({symbol for bot in config.bots.values() for symbol in bot.symbols})
    if unknown := sorted(set(given) - set(traded)):
        raise ConfigError(f"--price {unknown[0]}: no bot trades it; there are {', '.join(traded)}")
    seen = asyncio.run(_seen_by_engine(config)) if set(traded) - set(given) else {}

    def known(exchange: ExchangeName, symbol: Symbol) -> PreviewPrice | None:
        if symbol not in given:
            return seen.get((exchange, symbol))
        return PreviewPrice(
            exchange=exchange, symbol=symbol, price=given[symbol], origin=PriceOrigin.GIVEN
        )

    return preview(config.text, config.path, known)


async def _seen_by_engine(config: "Config") -> dict[tuple[ExchangeName, Symbol], PreviewPrice]:
    """The newest prices of the engine that runs under this config's name; none if none runs."""
    from nimbus_tui.config.locations import socket_path
    from nimbus_tui.control.socket_client import UnixSocketClient

    try:
        async with asyncio.timeout(ENGINE_TIMEOUT_S):
            client = await UnixSocketClient.connect(str(socket_path(config.engine.name)))
            answer = await client.preview(config.text)
            await client.close()
    except (EngineUnreachable, TimeoutError):
        return {}
    return {
        (price.exchange, price.symbol): price
        for price in answer.prices
        if price.origin is PriceOrigin.ENGINE
    }


def _loaded(config: Path) -> "tuple[Config | None, list[ConfigProblem]]":
    from nimbus_tui.bootstrap import load_config
    from nimbus_tui.config.problems import BadConfig

    try:
        return load_config(config), []
    except BadConfig as error:
        return None, error.problems


def _say_problems(config: Path, problems: "list[Any]", refusals: int = 0) -> None:
    for problem in problems:
        say(str(problem))
    say(f"{config}: {_counted(len(problems) + refusals)}")


def _counted(problems: int) -> str:
    if not problems:
        return "all well"
    return "1 problem" if problems == 1 else f"{problems} problems"
