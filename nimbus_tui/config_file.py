"""The config's file for a running engine: read, made ready, saved; and what its venues offer."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from nimbus_tui.config import saving
from nimbus_tui.config.differences import differences
from nimbus_tui.config.exchange_sections import MarketSource, PaperSection, VenueSection
from nimbus_tui.config.form import config_form
from nimbus_tui.config.listings import Listings
from nimbus_tui.config.loader import load_text
from nimbus_tui.config.model import Config
from nimbus_tui.config.problems import BadConfig
from nimbus_tui.control.commands import Outcome
from nimbus_tui.control.config_change import ConfigText, InstrumentList, InstrumentRow
from nimbus_tui.control.config_form import ConfigForm
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.secret import Secret
from nimbus_tui.engine.config_source import Draft
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.exchanges.paper.instruments import builtin_instrument, builtin_symbols
from nimbus_tui.specs import bot_spec, engine_settings
from nimbus_tui.strategies import factory

KeepSecret = Callable[[str, Secret, Secret], Outcome]
"""Puts a secret (name, text) into the vault that a passphrase opens."""
OpenPaper = Callable[[Config, ExchangeName], Exchange]
"""Makes a paper exchange of a config, on the engine's own thread."""


class ConfigFile:
    """The file that an engine was started with, or a copy of it that is edited instead."""

    def __init__(
        self,
        config: Config,
        keep_secret: KeepSecret,
        open_paper: OpenPaper,
        *,
        has_live_prices: bool = False,
        copy: Path | None = None,
    ) -> None:
        # A screen may be in another folder than the engine.
        self._path = (copy or config.path).absolute()
        self._started = config
        self._running = config
        self._keep_secret = keep_secret
        self._open_paper = open_paper
        self._has_live_prices = has_live_prices

    @property
    def running(self) -> str:
        """The text that the engine runs by."""
        return self._running.text

    def read(self) -> ConfigText:
        """The file as it is now."""
        return saving.read(self._path, self._running.text)

    def draft(self, text: str) -> Draft:
        """Check a text and make it ready."""
        try:
            config = load_text(text, self._running.path, builtin_instrument)
        except BadConfig as error:
            return Draft(problems=tuple(error.problems))
        found = differences(self._started, self._running, config)
        return Draft(
            specs=tuple(bot_spec(config, bot) for bot in config.bots.values()),
            settings=engine_settings(config, frozenset()),
            origin=config,
            can_join=self._can_join(config),
            keys=found.bots,
            at_once=found.at_once,
            next_start=found.next_start,
        )

    def _can_join(self, config: Config) -> frozenset[ExchangeName]:
        """The paper exchanges; a real venue needs its key, which is asked for at a start."""
        return frozenset(
            name
            for name, section in config.papers.items()
            if section.market is not MarketSource.LIVE
            or (self._has_live_prices and section.prices_from in self._started.exchanges)
        )

    def open_venue(self, draft: Draft, name: ExchangeName) -> Exchange:
        """Make the adapter of a paper exchange of a draft."""
        config, started = _config_of(draft), self._started
        exchange = self._open_paper(config, name)
        hosted = {**started.exchanges, name: config.exchanges[name]}
        self._started = msgspec.structs.replace(started, exchanges=hosted)
        return exchange

    def edited(self, expected_hash: str) -> str:
        """Why the file is not the one of that hash any more."""
        return saving.refusal_of(self._path, expected_hash)

    def save(self, text: str, expected_hash: str) -> str:
        """Write the file unless it has another hash."""
        return saving.save(self._path, text, expected_hash)

    def followed(self, draft: Draft) -> None:
        """The engine runs by this draft now."""
        self._running = _config_of(draft)

    def form(self) -> ConfigForm:
        """Every key that a config can have."""
        return config_form(factory)

    def offers(self, exchange: ExchangeName) -> InstrumentList:
        """What an exchange of the file offers, by what is known without asking it."""
        config = self._running
        section = config.exchanges.get(exchange)
        if isinstance(section, PaperSection):
            if section.market is not MarketSource.LIVE:
                return _rows(exchange, _on_paper(config, exchange, section))
            section = config.exchanges.get(section.prices_from or exchange)
        if isinstance(section, VenueSection):
            listed = Listings().all_of(section)
            if listed:
                return _rows(exchange, listed)
            where = f"{section.type} {section.network.value}"
            remedy = f"`nimbus-tui exchanges check {exchange}` asks it"
            return InstrumentList((), f"what {where} lists is not known yet; {remedy}")
        there = ", ".join(config.exchanges) or "none"
        return InstrumentList((), f"there is no exchange {exchange!r}; there are: {there}")

    def set_secret(self, name: str, text: Secret, passphrase: Secret) -> Outcome:
        """Put a secret into the vault."""
        return self._keep_secret(name, text, passphrase)


def _config_of(draft: Draft) -> Config:
    if not isinstance(draft.origin, Config):
        raise TypeError("this draft was made by somebody else")
    return draft.origin


def _on_paper(
    config: Config, name: ExchangeName, section: PaperSection
) -> Mapping[Symbol, Instrument]:
    """What is built in, or recorded, with what the config says of it."""
    known = dict(config.instruments.get(name, {}))
    if section.market is MarketSource.SYNTHETIC:
        for symbol in builtin_symbols():
            instrument = builtin_instrument(symbol)
            if instrument is not None:
                known.setdefault(symbol, instrument)
    return known


def _rows(name: ExchangeName, known: Mapping[Symbol, Instrument]) -> InstrumentList:
    ordered: Iterable[Instrument] = (known[symbol] for symbol in sorted(known))
    return InstrumentList(
        tuple(
            InstrumentRow(
                exchange=name,
                symbol=one.symbol,
                market=one.market,
                tick_size=one.tick_size,
                lot_size=one.lot_size,
                min_notional=one.min_notional,
                maker_fee=one.maker_fee,
                taker_fee=one.taker_fee,
            )
            for one in ordered
        )
    )
