"""Which instruments are traded on each exchange: listed, built in, overridden, or given whole."""

from collections.abc import Callable, Mapping

import msgspec

from nimbus_tui.config.checks import ONLY_SYMBOL, Bots
from nimbus_tui.config.exchange_sections import (
    ExchangeSection,
    FeeAsset,
    InstrumentSection,
    MarketSource,
    PaperSection,
    VenueSection,
)
from nimbus_tui.config.listings import Listings
from nimbus_tui.config.positions import Path
from nimbus_tui.config.problems import Findings, nearest_word
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType

BuiltinInstrument = Callable[[str], Instrument | None]
"""The instrument of a symbol where the file gives none; the venue knows it, this room doesn't."""

Markets = dict[ExchangeName, dict[Symbol, Instrument]]
Sections = Mapping[ExchangeName, ExchangeSection]


def markets(
    bots: Bots,
    exchanges: Sections,
    builtin: BuiltinInstrument,
    listings: Listings,
    findings: Findings,
) -> Markets:
    """Every instrument that a bot trades or a replay has prices of, by exchange."""
    found: Markets = {name: {} for name in exchanges}
    for name, symbol, path in [*_traded(bots), *_replayed(exchanges)]:
        instrument = _on(name, symbol, path, exchanges, builtin, listings, findings)
        if instrument is not None:
            found[name][symbol] = instrument
    return found


def _on(
    name: ExchangeName,
    symbol: Symbol,
    path: Path,
    exchanges: Sections,
    builtin: BuiltinInstrument,
    listings: Listings,
    findings: Findings,
) -> Instrument | None:
    """A symbol on an exchange; a problem is told at the path."""
    section = exchanges[name]
    if isinstance(section, VenueSection):
        return _listed(name, section, symbol, path, listings, findings)
    if not isinstance(section, PaperSection):
        return None
    known: Instrument | None
    if section.market is MarketSource.LIVE:
        venue_name = section.prices_from
        venue = exchanges.get(venue_name) if venue_name is not None else None
        if venue_name is None or not isinstance(venue, VenueSection):
            return None  # told where the key stands
        known = _listed(venue_name, venue, symbol, path, listings, findings)
        if known is None:
            return None
    else:
        known = builtin(symbol)
    instrument = _changed(symbol, known, section.instruments.get(symbol))
    if instrument is None:
        findings.say(
            path,
            f"{symbol} has no built-in instrument; add "
            f'[exchanges.{name}.instruments."{symbol}"] with tick_size and lot_size',
        )
        return None
    in_base = instrument.buy_fee_in_base or section.fee_asset is FeeAsset.BASE
    is_spot = instrument.market is MarketType.SPOT
    return msgspec.structs.replace(instrument, buy_fee_in_base=in_base and is_spot)


def _listed(
    name: ExchangeName,
    section: VenueSection,
    symbol: Symbol,
    path: Path,
    listings: Listings,
    findings: Findings,
) -> Instrument | None:
    """A symbol as its venue lists it."""
    instrument = listings.instrument(section, symbol)
    if instrument is not None:
        return instrument
    venue = f"{section.type} {section.network.value}"
    remedy = f"`nimbus-tui exchanges check {name}`"
    known = listings.all_of(section)
    if trouble := listings.trouble(section):
        findings.say(path, f"{trouble}; {remedy} writes it anew")
    elif not known:
        findings.say(
            path,
            f"what {venue} lists is not known yet; {remedy} asks it (it needs a network, no key)",
        )
    else:
        near = nearest_word(symbol, known)
        hint = f"; did you mean {near!r}?" if near else ";"
        findings.say(
            path,
            f"{venue} does not list {symbol}{hint} if it is new there, {remedy} reads the list",
        )
    return None


def _traded(bots: Bots) -> list[tuple[ExchangeName, Symbol, Path]]:
    return [
        (bot.common.exchange, symbol, ("bots", bot_id, bot.symbols_key))
        for bot_id, bot in bots.items()
        for symbol in bot.symbols
    ]


def _replayed(exchanges: Sections) -> list[tuple[ExchangeName, Symbol, Path]]:
    return [
        (name, Symbol(symbol), ("exchanges", name, "files", symbol))
        for name, section in exchanges.items()
        if isinstance(section, PaperSection)
        for symbol in section.files
        if section.market is MarketSource.REPLAY and symbol != ONLY_SYMBOL
    ]


def _changed(
    symbol: Symbol, known: Instrument | None, given: InstrumentSection | None
) -> Instrument | None:
    """What is known, with what the config says otherwise; None where both say too little."""
    given = given or InstrumentSection()
    changes = {
        name: value
        for name in given.__struct_fields__
        if (value := getattr(given, name)) is not None
    }
    if known is not None:
        return msgspec.structs.replace(known, **changes)
    if {"tick_size", "lot_size"} <= set(changes):
        return Instrument(symbol=symbol, **changes)
    return None
