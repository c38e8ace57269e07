"""Config in, engine out: the one module that may know every room."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random, SystemRandom

import msgspec

from nimbus_tui.config.loader import load
from nimbus_tui.config.locations import journal_path, paper_path
from nimbus_tui.config.model import (
    BotConfig,
    Config,
    ExchangeSection,
    FeeAsset,
    MarketSource,
    OnShutdown,
    OnStop,
)
from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Asset, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.base import PriceSource
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.exchanges.paper.matching import FillModel
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import MEMORY, SqliteJournal
from nimbus_tui.simulation.backtest import Backtest
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.simulation.price_files import PriceFile, in_order, merged
from nimbus_tui.simulation.replay import ReplaySource
from nimbus_tui.simulation.synthetic import Regime, SyntheticMarket, SyntheticSource, start_price
from nimbus_tui.strategies.factory import create

START_BALANCE = Decimal(10_000)


def load_config(path: Path) -> Config:
    """Read and check a config file; raises BadConfig with everything that is wrong."""
    return load(path, builtin_instrument)


def live_engine(config: Config, *, scratch: Path | None = None) -> Engine:
    """An engine in real time. `scratch` keeps its files apart from the user's own (the demo).

    Call it on the thread and loop that will run the engine.
    """
    clock = LiveClock()
    name = config.engine.name
    journal = scratch / "journal.db" if scratch else journal_path(name)
    opened = SqliteJournal.open(journal, durability=config.engine.durability.value)
    exchanges = {}
    for exchange, section in config.exchanges.items():
        store = scratch / f"paper-{exchange}.db" if scratch else paper_path(name, exchange)
        source = _source(config, exchange, section, clock)
        exchanges[exchange] = _paper(config, exchange, section, clock, PaperStore(store), source)
    engine = _engine(config, clock, opened, exchanges, SystemRandom())
    for paper in exchanges.values():
        paper.settle = engine.settle
    return engine


def backtest(
    config: Config, files: Mapping[Symbol, Sequence[Path]]
) -> tuple[Engine, Backtest, Iterable[Tick], list[PriceFile]]:
    """An engine on recorded prices: all bots on one paper exchange with their instruments.

    Raises:
        ConfigError: a bot's symbol has no file.
    """
    symbols = {symbol for bot in config.bots.values() for symbol in bot.symbols}
    if missing := sorted(symbols - set(files)):
        raise ConfigError(
            f"there is no data for {', '.join(missing)}; give --data {missing[0]}=FILE"
        )
    readers = {s: [PriceFile(path, s) for path in files[s]] for s in sorted(symbols)}
    engine, run = simulated(config)
    ticks = merged(in_order(group) for group in readers.values())
    return engine, run, ticks, [f for g in readers.values() for f in g]


def simulated(config: Config) -> tuple[Engine, Backtest]:
    """An engine that trades on whatever prices it is given, all bots on one paper exchange."""
    clock = SimulatedClock(0)
    name = next(iter(config.exchanges))
    instruments = {k: v for known in config.instruments.values() for k, v in known.items()}
    joined = msgspec.structs.replace(
        config,
        exchanges={name: config.exchanges[name]},
        instruments={name: instruments},
        bots={
            bot_id: msgspec.structs.replace(
                bot, common=msgspec.structs.replace(bot.common, exchange=name)
            )
            for bot_id, bot in config.bots.items()
        },
    )
    exchange = _paper(joined, name, joined.exchanges[name], clock, PaperStore(MEMORY), None)
    engine = _engine(joined, clock, SqliteJournal.open(MEMORY), {name: exchange}, Random(1))  # noqa: S311
    exchange.settle = engine.settle
    return engine, Backtest(engine, exchange, clock)


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for files that nobody needs afterwards."""
    return tempfile.TemporaryDirectory(prefix="nimbus-tui-demo-")


def _engine(
    config: Config,
    clock: Clock,
    journal: SqliteJournal,
    exchanges: Mapping[ExchangeName, PaperExchange],
    chance: Random,
) -> Engine:
    section = config.engine
    settings = EngineSettings(
        name=section.name,
        currency=section.currency,
        max_restarts=section.max_restarts,
        restart_window_s=section.restart_window,
        shutdown_timeout_s=float(section.shutdown_timeout),
        cancel_on_shutdown=section.on_shutdown is OnShutdown.CANCEL,
    )
    bots = [_spec(config, bot) for bot in config.bots.values()]
    return Engine(
        settings, clock=clock, journal=journal, exchanges=exchanges, bots=bots, chance=chance
    )


def _spec(config: Config, bot: BotConfig) -> BotSpec:
    known = config.instruments[bot.common.exchange]
    instruments: dict[Symbol, Instrument] = {symbol: known[symbol] for symbol in bot.symbols}
    return BotSpec(
        bot_id=bot.bot_id,
        strategy_name=bot.common.strategy,
        strategy=create(bot.common.strategy, bot.bot_id, bot.parameters, instruments),
        exchange=bot.common.exchange,
        instruments=instruments,
        limits=bot.limits,
        close_on_stop=bot.common.on_stop is OnStop.CLOSE,
        capital=bot.common.capital or Decimal(0),
        config=msgspec.json.encode(bot.parameters),
    )


def _paper(
    config: Config,
    name: ExchangeName,
    section: ExchangeSection,
    clock: Clock,
    store: PaperStore,
    source: PriceSource | None,
) -> PaperExchange:
    instruments = list(config.instruments[name].values())
    balances: dict[Asset, Decimal] = {i.quote: START_BALANCE for i in instruments}
    settings = PaperSettings(
        fill_model=FillModel(section.fill_model.value),
        partial_fills=section.partial_fills,
        latency_ms=section.latency_ms,
        slippage_percent=section.slippage_percent,
        leverage=section.leverage,
        fee_in_base=section.fee_asset is FeeAsset.BASE,
    )
    return PaperExchange(
        name,
        instruments=instruments,
        balances=section.balances or balances,
        clock=clock,
        store=store,
        source=source,
        settings=settings,
    )


def _source(
    config: Config, name: ExchangeName, section: ExchangeSection, clock: Clock
) -> PriceSource:
    if section.market is MarketSource.REPLAY:
        folder = config.path.parent
        files = {
            Symbol(symbol): [folder / p for p in ([paths] if isinstance(paths, str) else paths)]
            for symbol, paths in section.files.items()
        }
        return ReplaySource(files, clock, section.speed)
    markets = tuple(
        SyntheticMarket(
            symbol=instrument.symbol,
            tick_size=instrument.tick_size,
            start_price=start_price(instrument.base),
        )
        for instrument in config.instruments[name].values()
    )
    return SyntheticSource(
        markets, clock=clock, seed=section.seed, regime=Regime(section.regime.value)
    )
