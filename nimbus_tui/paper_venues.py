"""The paper exchanges of a config, ready to trade on."""

from collections.abc import Callable, Iterable
from pathlib import Path

from nimbus_tui.config.checks import START_BALANCE, opening_balances
from nimbus_tui.config.exchange_sections import MarketSource, PaperSection
from nimbus_tui.config.keys import ZERO
from nimbus_tui.config.listings import Listings
from nimbus_tui.config.locations import paper_path
from nimbus_tui.config.model import Config
from nimbus_tui.core.clock import Clock
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.exchanges.base import PriceSource
from nimbus_tui.exchanges.live_prices import LivePrices
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.funding import FundingSchedule
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.exchanges.paper.matching import FillModel
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.real_venues import RealVenues
from nimbus_tui.simulation.funding_files import funding_rates
from nimbus_tui.simulation.replay import ReplaySource
from nimbus_tui.simulation.synthetic import Regime, SyntheticMarket, SyntheticSource, start_price


def paper_settings(
    config: Config, section: PaperSection, instruments: Iterable[Instrument]
) -> PaperSettings:
    """How a paper exchange fills, and what its perpetuals pay."""
    return PaperSettings(
        fill_model=FillModel(section.fill_model.value),
        partial_fills=section.partial_fills,
        latency_ms=section.latency_ms,
        slippage_percent=section.slippage_percent,
        leverage=section.leverage,
        fee_in_base=any(one.buy_fee_in_base for one in instruments),
        funding=FundingSchedule(
            rate=section.funding_rate,
            recorded={
                Symbol(symbol): funding_rates(config.path.parent / path)
                for symbol, path in section.funding_files.items()
            },
        ),
    )


def paper_exchange(
    config: Config,
    name: ExchangeName,
    clock: Clock,
    store: PaperStore,
    source: PriceSource | None,
    settings: PaperSettings,
) -> PaperExchange:
    """A paper exchange on its source of prices, if it has one."""
    instruments = list(config.instruments[name].values())
    paper = PaperExchange(
        name,
        instruments=instruments,
        balances=opening_balances(config.papers[name], instruments),
        clock=clock,
        store=store,
        source=source,
        settings=settings,
        opening=ZERO if config.papers[name].balances else START_BALANCE,
        listed=_listed(config, config.papers[name]),
    )
    if isinstance(source, LivePrices):
        source.link_changed = paper.prices_flow
        paper.feed_status = source.status
    return paper


class LivePapers:
    """Opens the paper exchanges of an engine in real time, each on a file of its own."""

    def __init__(
        self, config: Config, clock: Clock, scratch: Path | None, venues: RealVenues | None
    ) -> None:
        """Read what the config's paper exchanges are told; nothing is opened yet.

        Raises:
            DataError: a file of funding rates can't be used.
        """
        self._name = config.engine.name
        self._clock = clock
        self._scratch = scratch
        self._venues = venues
        self._settings = {
            paper: paper_settings(config, section, config.instruments[paper].values())
            for paper, section in config.papers.items()
        }

    def open(self, config: Config, exchange: ExchangeName) -> PaperExchange:
        """Open one; it may be one that has come into the config since the start."""
        section, known = config.papers[exchange], config.instruments[exchange].values()
        settings = self._settings.get(exchange) or paper_settings(config, section, known)
        if self._scratch is None:
            path = paper_path(self._name, exchange)
        else:
            path = self._scratch / f"paper-{exchange}.db"
        source = price_source(config, exchange, section, self._clock, self._venues)
        return paper_exchange(config, exchange, self._clock, PaperStore(path), source, settings)


def _listed(config: Config, section: PaperSection) -> Callable[[Symbol], Instrument | None]:
    """Where a paper exchange looks up a symbol that it holds and that no bot trades any more."""
    venue = config.venues.get(section.prices_from) if section.prices_from is not None else None
    if venue is None:  # a backtest takes the venue's instruments along and leaves the venue behind
        return builtin_instrument
    listings = Listings()
    return lambda symbol: listings.instrument(venue, symbol)


def price_source(
    config: Config,
    name: ExchangeName,
    section: PaperSection,
    clock: Clock,
    venues: RealVenues | None,
) -> PriceSource:
    """Where a paper exchange's prices come from."""
    if section.market is MarketSource.LIVE and section.prices_from is not None and venues:
        feed = venues.feed(section.prices_from, config.venues[section.prices_from])
        return LivePrices(feed, list(config.instruments[name]), clock)
    if section.market is MarketSource.REPLAY:
        return ReplaySource(price_files(config, section), clock, section.speed)
    markets = synthetic_markets(config.instruments[name].values())
    return SyntheticSource(
        markets, clock=clock, seed=section.seed, regime=Regime(section.regime.value)
    )


def synthetic_markets(instruments: Iterable[Instrument]) -> tuple[SyntheticMarket, ...]:
    """The made-up markets of some instruments."""
    return tuple(
        SyntheticMarket(
            symbol=instrument.symbol,
            tick_size=instrument.tick_size,
            start_price=start_price(instrument.base),
        )
        for instrument in instruments
    )


def price_files(config: Config, section: PaperSection) -> dict[Symbol, list[Path]]:
    """The files of a replay, by symbol."""
    folder = config.path.parent
    return {
        Symbol(symbol): [folder / p for p in ([paths] if isinstance(paths, str) else paths)]
        for symbol, paths in section.files.items()
    }
