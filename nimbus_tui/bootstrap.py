"""Config in, engine out: the one module that may know every room."""

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random, SystemRandom
from types import MappingProxyType

import msgspec

from nimbus_tui.config.checks import opening_balances
from nimbus_tui.config.exchange_sections import MarketSource, PaperSection
from nimbus_tui.config.listings import Listings
from nimbus_tui.config.loader import load
from nimbus_tui.config.locations import (
    journal_path,
    paper_path,
    price_folders_path,
    vault_path,
)
from nimbus_tui.config.model import (
    Config,
    Durability,
)
from nimbus_tui.config.preview import preview_text
from nimbus_tui.config_file import ConfigFile
from nimbus_tui.control.commands import Outcome, Result
from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import ConfigError, JournalLost, NimbusError
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.preview import ConfigPreview, PreviewPrice, PriceOrigin
from nimbus_tui.core.redaction import redact_with
from nimbus_tui.core.secret import SHORTEST, Secret, is_secret_name
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.history import History
from nimbus_tui.engine.inbox import Market
from nimbus_tui.engine.previews import Previewer
from nimbus_tui.engine.risk_record import RiskRecord
from nimbus_tui.engine.settings import OrphanPolicy
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.exchanges.paper.store import PaperStore, state_in
from nimbus_tui.journal.base import Journal
from nimbus_tui.journal.sqlite import MEMORY, SqliteJournal
from nimbus_tui.paper_venues import (
    LivePapers,
    paper_exchange,
    paper_settings,
    price_files,
    synthetic_markets,
)
from nimbus_tui.real_venues import RealVenues
from nimbus_tui.simulation.backtest import Backtest
from nimbus_tui.simulation.backtest_runs import BacktestRuns
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.simulation.faults import FaultKind, FaultPlan
from nimbus_tui.simulation.opening import recorded_opening, synthetic_opening
from nimbus_tui.simulation.price_files import PriceFile, in_order, merged
from nimbus_tui.simulation.world import TICKS, BuildEngine, WorldSettings
from nimbus_tui.specs import bot_spec, engine_settings
from nimbus_tui.vault import sources
from nimbus_tui.vault.redaction import Redactor
from nimbus_tui.vault.safe import Vault

KnownPrice = Callable[[ExchangeName, Symbol], PreviewPrice | None]
"""A price that somebody knows better than the files do."""


def load_config(path: Path, listings: Listings | None = None) -> Config:
    """Read and check a config file; raises BadConfig with everything that is wrong.

    `listings` has what real venues list, default: the files on the disk.
    """
    return load(path, builtin_instrument, listings=listings)


def open_secrets(
    references: Iterable[str], ask: Callable[[], str], *, folder: Path = Path(), tries: int = 1
) -> Mapping[str, Secret]:
    """The secrets that a config refers to, each under what it was called there.

    `ask` gives the vault's passphrase, should one be there; at most `tries` times. Relative paths
    start at `folder`, the config's own.

    Raises:
        ConfigError: a secret isn't there, or somebody else can read its file.
        VaultError: the vault can't be opened.
    """
    redact_with(Redactor())
    vault = Vault(vault_path())
    return sources.open_secrets(references, ask, vault, os.environ, folder=folder, tries=tries)


def _keep_no_secret(*_: object) -> Outcome:
    """What is kept outlives a demo, and a secret is worth more than one."""
    return Outcome(Result.REFUSED, "a demo keeps no secret")


def keep_secret(name: str, text: Secret, passphrase: Secret) -> Outcome:
    """Put a secret into the vault that the passphrase opens, or make that vault.

    One that is there already is not replaced: somebody may need it.
    """
    if not is_secret_name(name):
        return Outcome(Result.REFUSED, "the name of a secret has letters, digits, '.', '_' and '-'")
    for what, given in (("secret", text), ("passphrase", passphrase)):
        if len(given.reveal()) < SHORTEST:
            return Outcome(Result.REFUSED, f"a {what} has at least {SHORTEST} characters")

    def edit(secrets: Mapping[str, str]) -> Mapping[str, str]:
        if name in secrets:
            raise ConfigError(
                f"there is a secret {name} already; take another name, or replace it with "
                f"`nimbus-tui secrets set {name} --replace`"
            )
        return {**secrets, name: text.reveal()}

    vault = Vault(vault_path())
    try:
        vault.change(passphrase.reveal(), edit)
    except NimbusError as error:
        return Outcome(Result.REFUSED, str(error))
    return Outcome(Result.DONE, f"{name} is in the vault {vault.path}")


def live_engine(
    config: Config, *, scratch: Path | None = None, venues: RealVenues | None = None
) -> Engine:
    """An engine in real time. `scratch` keeps its files apart from the user's own (the demo).

    `venues` makes the adapters of real venues; a config without any needs none. Call it on the
    thread and loop that will run the engine.

    Raises:
        ConfigError: there are real venues and nobody to make them.
    """
    redact_with(Redactor())
    if config.venues and venues is None:
        raise ConfigError("this config has real venues; only `run` and the app can reach them")
    clock = LiveClock()
    # Files that can be broken come first: an error leaves nothing open behind.
    opener = LivePapers(config, clock, scratch, venues)
    # Before the venues: a journal that another engine holds must end the start at once.
    path = scratch / "journal.db" if scratch else journal_path(config.engine.name)
    opened, lost = _opened_journal(path, config.engine.durability.value)
    papers = {exchange: opener.open(config, exchange) for exchange in config.papers}
    exchanges: dict[ExchangeName, Exchange] = {**papers, **_real_exchanges(config, venues)}
    try:
        engine = _engine(config, clock, opened, exchanges, SystemRandom())
    except JournalLost as error:
        opened.close()
        opened, lost = SqliteJournal.open(MEMORY), error
        engine = _engine(config, clock, opened, exchanges, SystemRandom())
    engine.lost_journal = lost
    _live_in_real_time(engine, config, clock)
    if config.text:
        copy = scratch / config.path.name if scratch else None
        if copy is not None:  # a demo leaves the file that it was opened with alone
            copy.write_text(config.text, encoding="utf-8")

        def open_late(config: Config, exchange: ExchangeName) -> PaperExchange:
            paper = opener.open(config, exchange)
            paper.settle = engine.settle
            return paper

        engine.config_desk.source = ConfigFile(
            config,
            keep_secret if scratch is None else _keep_no_secret,
            open_late,
            has_live_prices=venues is not None,
            copy=copy,
        )
    for paper in papers.values():
        paper.settle = engine.settle
    return engine


def _real_exchanges(config: Config, venues: RealVenues | None) -> dict[ExchangeName, Exchange]:
    """The adapters of the real venues that a bot trades on, in the order of the bots."""
    if venues is None:
        return {}
    return {
        exchange: venues.adapter(exchange, config.venues[exchange])
        for exchange in dict.fromkeys(bot.common.exchange for bot in config.bots.values())
        if exchange in config.venues
    }


def _live_in_real_time(engine: Engine, config: Config, clock: LiveClock) -> None:
    """Give an engine what only one in real time has: streams to watch, a past, screens to serve."""
    engine.settings = msgspec.structs.replace(engine.settings, watches_streams=True)
    if config.engine.durability is Durability.PROCESS:
        engine.settings = msgspec.structs.replace(engine.settings, booted_ns=clock.booted())
    engine.previewer = previewer(config.path)
    engine.recorder = History(engine)
    engine.backtests = BacktestRuns(config.path, load_config, price_folders_path())
    engine.beside.append(RiskRecord(engine).run)


def _opened_journal(path: Path, durability: str) -> tuple[SqliteJournal, JournalLost | None]:
    """The journal; one that is damaged or can't be written is replaced by an empty one in memory.

    With that an engine doesn't trade: it cancels what it finds at the venues, and says why.
    """
    try:
        return SqliteJournal.open(path, durability=durability), None
    except JournalLost as error:
        return SqliteJournal.open(MEMORY), error


def backtest(
    config: Config,
    files: Mapping[Symbol, Sequence[Path]],
    funding: Mapping[Symbol, Path] = MappingProxyType({}),
) -> tuple[Engine, Backtest, Iterable[Tick], list[PriceFile]]:
    """An engine on recorded prices: all bots on one paper exchange with their instruments.

    `funding` gives files of funding rates beside, or in place of, those of the config.

    Raises:
        ConfigError: a bot's symbol has no file.
        DataError: a file of funding rates can't be used.
    """
    symbols = {symbol for bot in config.bots.values() for symbol in bot.symbols}
    if missing := sorted(symbols - set(files)):
        raise ConfigError(
            f"there is no data for {', '.join(missing)}; give --data {missing[0]}=FILE"
        )
    readers = {s: [PriceFile(path, s) for path in paths] for s, paths in files.items()}
    engine, run = simulated(config, funding)
    ticks = merged(in_order(group) for group in readers.values())
    return engine, run, ticks, [f for g in readers.values() for f in g]


def simulated(
    config: Config, funding: Mapping[Symbol, Path] = MappingProxyType({})
) -> tuple[Engine, Backtest]:
    """An engine that trades on whatever prices it is given, all bots on one paper exchange."""
    clock = SimulatedClock(0)
    name, joined = _on_one_exchange(config)
    section = msgspec.structs.replace(
        joined.papers[name],
        funding_files=joined.papers[name].funding_files
        | {symbol: str(path.absolute()) for symbol, path in funding.items()},
    )
    settings = paper_settings(joined, section, joined.instruments[name].values())
    exchange = paper_exchange(joined, name, clock, PaperStore(MEMORY), None, settings)
    engine = _engine(joined, clock, SqliteJournal.open(MEMORY), {name: exchange}, Random(1))  # noqa: S311
    exchange.settle = engine.settle
    return engine, Backtest(engine, exchange, clock)


def fault_world(
    config: Config, *, plan: FaultPlan | None = None, ticks: int | None = None
) -> tuple[WorldSettings, BuildEngine]:
    """What a fault world is made of, and how an engine with fresh strategies is put into it.

    All bots stand on one simulated exchange. Orphans are treated as the config says; but where
    power cuts happen they are adopted: an order whose journal entry is lost has then no other
    way back to its bot, and the books could not match the venue's.
    """
    name, joined = _on_one_exchange(config)
    plan = plan or FaultPlan()
    instruments, section = tuple(joined.instruments[name].values()), joined.papers[name]
    paper = msgspec.structs.replace(
        paper_settings(joined, section, instruments), partial_fills=True
    )
    settings = WorldSettings(
        exchange=name,
        instruments=instruments,
        balances=opening_balances(section, instruments),
        markets=synthetic_markets(instruments),
        ticks=TICKS if ticks is None else ticks,
        plan=plan,
        paper=paper,
    )

    def build(journal: Journal, exchange: Exchange, clock: Clock, chance: Random) -> Engine:
        engine = _engine(joined, clock, journal, {name: exchange}, chance)
        engine.settings = msgspec.structs.replace(engine.settings, watches_streams=True)
        if FaultKind.POWER_CUT in plan.kinds:
            engine.settings = msgspec.structs.replace(engine.settings, orphans=OrphanPolicy.ADOPT)
        return engine

    return settings, build


def _on_one_exchange(config: Config) -> tuple[ExchangeName, Config]:
    """The config with all its bots on one paper exchange, which knows all instruments."""
    name = next(iter(config.papers or config.exchanges))
    section = config.papers.get(name) or PaperSection(type="paper")
    instruments = {k: v for known in config.instruments.values() for k, v in known.items()}
    bots = {
        bot_id: msgspec.structs.replace(
            bot, common=msgspec.structs.replace(bot.common, exchange=name)
        )
        for bot_id, bot in config.bots.items()
    }
    joined = msgspec.structs.replace(
        config,
        exchanges={name: section},
        instruments={name: instruments},
        bots=bots,
    )
    return name, joined


def preview(text: str, path: Path, known: KnownPrice) -> ConfigPreview:
    """What the bots of a config text would do if they started now; `path` is where it lives.

    Each symbol's price is what `known` says, else the newest in the paper exchange's file, else
    where its market opens.
    """

    def price_of(config: Config, exchange: ExchangeName, symbol: Symbol) -> PreviewPrice | str:
        try:
            return known(exchange, symbol) or _price_in_files(config, exchange, symbol)
        except NimbusError as error:
            return f"there is no price of {symbol}: {error}"

    return preview_text(text, path, builtin_instrument, price_of, LiveClock().now())


def previewer(path: Path) -> Previewer:
    """What an engine previews other texts of its config with; `path` is where that lives."""

    def previewed(text: str, quotes: Mapping[Market, Quote]) -> ConfigPreview:
        return preview(text, path, lambda *market: _seen(market, quotes.get(market)))

    return previewed


def _seen(market: Market, quote: Quote | None) -> PreviewPrice | None:
    if quote is None:
        return None
    return PreviewPrice(
        exchange=market[0],
        symbol=market[1],
        price=quote.price,
        origin=PriceOrigin.ENGINE,
        ts=quote.ts,
    )


def _price_in_files(config: Config, exchange: ExchangeName, symbol: Symbol) -> PreviewPrice:
    """The newest price that the paper exchange has kept, else the first that it would see."""
    state = state_in(paper_path(config.engine.name, exchange))
    if state is not None and symbol in state.prices:
        return PreviewPrice(
            exchange=exchange,
            symbol=symbol,
            price=state.prices[symbol],
            origin=PriceOrigin.PAPER_FILE,
            ts=state.times.get(symbol),
        )
    section, instrument = config.papers.get(exchange), config.instruments[exchange][symbol]
    if section is None or section.market is MarketSource.LIVE:
        raise ConfigError(
            f"its price is known once an engine runs on it; give --price {symbol}=PRICE"
        )
    if section.market is MarketSource.REPLAY:
        return recorded_opening(exchange, instrument, price_files(config, section)[symbol])
    return synthetic_opening(exchange, instrument)


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for files that nobody needs afterwards."""
    return tempfile.TemporaryDirectory(prefix="nimbus-tui-demo-")


def _engine(
    config: Config,
    clock: Clock,
    journal: Journal,
    exchanges: Mapping[ExchangeName, Exchange],
    chance: Random,
) -> Engine:
    settings = engine_settings(config, frozenset(exchanges))
    bots = [bot_spec(config, bot) for bot in config.bots.values()]
    return Engine(
        settings, clock=clock, journal=journal, exchanges=exchanges, bots=bots, chance=chance
    )
