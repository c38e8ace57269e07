"""What only shows when the parts of a config are seen together."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from nimbus_tui.config.exchange_sections import MarketSource, PaperSection
from nimbus_tui.config.model import BotConfig
from nimbus_tui.config.problems import Findings
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Asset, BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType, parse_symbol
from nimbus_tui.risk.limits import RiskLimits

ZERO = Decimal(0)
START_BALANCE = Decimal(10_000)
"""Of each quote in use, where the config names no balances."""
ONLY_SYMBOL = "*"
"""Stands for the one symbol of an exchange whose price files are a bare list."""

Markets = Mapping[ExchangeName, Mapping[Symbol, Instrument]]
Papers = Mapping[ExchangeName, PaperSection]
Bots = Mapping[BotId, BotConfig]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_ENGINE_NAME = re.compile(r"[^\s./\\\x00-\x1f][^/\\\x00-\x1f]{0,63}\Z")
_ASSET = re.compile(r"[A-Z0-9]{1,20}\Z")
_EXITS = ("stop_loss", "take_profit")


class Shortfall(msgspec.Struct, frozen=True):
    """A spot bot whose capital, on top of those before it, is more than the account has."""

    bot_id: BotId
    exchange: ExchangeName
    asset: Asset
    needed: Decimal
    """By this bot and all before it."""
    available: Decimal

    def __str__(self) -> str:
        return (
            f"the spot bots up to this one need {self.needed:,.2f} {self.asset}, but "
            f"{self.exchange} has {self.available:,.2f}; lower their sizes, set their capital, "
            f"or raise exchanges.{self.exchange}.balances"
        )


def is_name(text: str) -> bool:
    """Whether a bot or exchange may be called that: it is part of file names and commands."""
    return _NAME.match(text) is not None


def check_engine(name: str, currency: str, findings: Findings) -> None:
    """The engine's name becomes a folder, its currency must be one."""
    if not _ENGINE_NAME.match(name):
        findings.say(
            ("engine", "name"),
            f"{name!r} can't be the name of a folder; set engine.name to at most 64 characters "
            "without / and \\, not beginning with a dot or a space",
        )
    if not _ASSET.match(currency):
        findings.say(
            ("engine", "currency"), f"{currency!r} is no currency; write capitals, like USDC"
        )


def check_paper(name: ExchangeName, section: PaperSection, findings: Findings) -> None:
    """Assets and symbols of a paper exchange, and where its prices come from."""
    path = ("exchanges", name)
    for asset in section.balances:
        if not _ASSET.match(asset):
            findings.say(
                (*path, "balances", asset), f"{asset!r} is no asset; write capitals, like USDC"
            )
    symbols = [("instruments", symbol) for symbol in section.instruments]
    symbols += [("files", symbol) for symbol in section.files if symbol != ONLY_SYMBOL]
    symbols += [("funding_files", symbol) for symbol in section.funding_files]
    for key, symbol in symbols:
        try:
            parse_symbol(symbol)
        except ConfigError as error:
            findings.say((*path, key, symbol), str(error))
    if section.market is MarketSource.REPLAY and not section.files:
        findings.say(
            (*path, "files"), 'a replay needs files, like files = { "ETH/USDC" = "eth.csv.gz" }'
        )
    if section.prices_from is not None and section.market is not MarketSource.LIVE:
        findings.say((*path, "prices_from"), 'is for market = "live"; set that, or leave it out')


def check_limits(
    bot_id: BotId, limits: RiskLimits, shorthands: set[str], findings: Findings
) -> None:
    """Each limit is above zero, and an exit is given as percent or as price."""

    def path(key: str) -> tuple[str, ...]:
        return ("bots", bot_id, key) if key in shorthands else ("bots", bot_id, "risk", key)

    for key in limits.__struct_fields__:
        value = getattr(limits, key)
        if isinstance(value, Decimal | int) and not isinstance(value, bool) and value <= ZERO:
            findings.say(path(key), f"must be greater than 0, not {value}")
    has_stop = limits.stop_loss is not None or limits.stop_loss_price is not None
    for key in ("confirm_seconds", "confirm_percent"):
        if getattr(limits, key) is not None and not has_stop:
            findings.say(path(key), "confirms a stop loss, and there is none; set stop_loss")
    for key in _EXITS:
        price = f"{key}_price"
        if getattr(limits, key) is not None and getattr(limits, price) is not None:
            findings.say(path(price), f"give {key} (percent) or {price}, not both")


def with_files_of_its_own(
    name: ExchangeName, section: PaperSection, bots: Bots, findings: Findings
) -> PaperSection:
    """A bare list of price files belongs to the only symbol that is traded there."""
    if ONLY_SYMBOL not in section.files:
        return section
    symbols = sorted(set(_symbols_on(name, bots)))
    if len(symbols) == 1:
        return msgspec.structs.replace(section, files={symbols[0]: section.files[ONLY_SYMBOL]})
    if symbols:
        findings.say(
            ("exchanges", name, "files"),
            f"a list of files fits one symbol, but {', '.join(symbols)} are traded here; "
            f'name them, like files = {{ "{symbols[0]}" = "prices.csv" }}',
        )
    return section


def check_replay(
    name: ExchangeName, section: PaperSection, bots: Bots, folder: Path, findings: Findings
) -> None:
    """Every symbol that is traded on a replay has files, and they are there."""
    if section.market is not MarketSource.REPLAY or not section.files:
        return
    for symbol, given in section.files.items():
        for file in [given] if isinstance(given, str) else given:
            if not (folder / file).is_file():
                findings.say(
                    ("exchanges", name, "files", symbol),
                    f"there is no file {folder / file}; paths are relative to the config file",
                )
    for bot_id, bot in bots.items():
        for symbol in bot.symbols if bot.common.exchange == name else ():
            if symbol not in section.files and ONLY_SYMBOL not in section.files:
                findings.say(
                    ("bots", bot_id, bot.symbols_key),
                    f"exchanges.{name}.files has no prices of {symbol}; "
                    f"it has {', '.join(section.files)}",
                )


def check_funding(
    name: ExchangeName, section: PaperSection, folder: Path, findings: Findings
) -> None:
    """Every file of funding rates is there, and is for a perpetual."""
    for symbol, file in section.funding_files.items():
        path = ("exchanges", name, "funding_files", symbol)
        if _is_spot(symbol):
            quote = symbol.partition("/")[2]
            findings.say(path, f"{symbol} is spot; perpetuals pay funding, like {symbol}:{quote}")
        elif not (folder / file).is_file():
            findings.say(
                path, f"there is no file {folder / file}; paths are relative to the config file"
            )


def _is_spot(symbol: str) -> bool:
    try:
        return parse_symbol(symbol).market is MarketType.SPOT
    except ConfigError:
        return False  # told already, in its own words


def opening_balances(
    section: PaperSection, instruments: Iterable[Instrument]
) -> dict[Asset, Decimal]:
    """What a paper account begins with."""
    return dict(section.balances) or {entry.quote: START_BALANCE for entry in instruments}


def shortfalls(
    bots: Bots, papers: Papers, markets: Markets, capitals: Mapping[BotId, Decimal]
) -> list[Shortfall]:
    """Which spot bots don't fit the account any more; `capitals` has those that are known."""
    found = []
    for name, section in papers.items():
        balances = opening_balances(section, markets[name].values())
        needed: dict[Asset, Decimal] = {}
        for bot_id, bot in bots.items():
            instrument = markets[name].get(bot.symbols[0]) if bot.symbols else None
            if bot.common.exchange != name or instrument is None or bot_id not in capitals:
                continue
            if instrument.market is not MarketType.SPOT:
                continue
            asset = instrument.quote
            needed[asset] = needed.get(asset, ZERO) + capitals[bot_id]
            available = balances.get(asset, ZERO)
            if needed[asset] > available:
                found.append(Shortfall(bot_id, name, asset, needed[asset], available))
    return found


def check_capitals(
    bots: Bots,
    papers: Papers,
    markets: Markets,
    capitals: Mapping[BotId, Decimal],
    findings: Findings,
) -> None:
    """The capitals of the spot bots fit the account."""
    for shortfall in shortfalls(bots, papers, markets, capitals):
        findings.say(("bots", shortfall.bot_id, "capital"), str(shortfall))


def _symbols_on(name: ExchangeName, bots: Bots) -> Iterable[Symbol]:
    return (
        symbol for bot in bots.values() if bot.common.exchange == name for symbol in bot.symbols
    )
