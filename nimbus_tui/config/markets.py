"""Which instruments are traded on each exchange: built in, overridden, or given whole."""

from collections.abc import Callable

import msgspec

from nimbus_tui.config.checks import ONLY_SYMBOL, Bots, Exchanges
from nimbus_tui.config.model import FeeAsset, InstrumentSection, MarketSource
from nimbus_tui.config.positions import Path
from nimbus_tui.config.problems import Findings
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType

BuiltinInstrument = Callable[[str], Instrument | None]
"""The instrument of a symbol where the file gives none; the venue knows it, this room doesn't."""

Markets = dict[ExchangeName, dict[Symbol, Instrument]]


def markets(
    bots: Bots, exchanges: Exchanges, builtin: BuiltinInstrument, findings: Findings
) -> Markets:
    """Every instrument that a bot trades or a replay has prices of, by exchange."""
    found: Markets = {name: {} for name in exchanges}
    for name, symbol, path in [*_traded(bots), *_replayed(exchanges)]:
        given = exchanges[name].instruments.get(symbol) or InstrumentSection()
        instrument = _instrument(symbol, given, builtin)
        if instrument is not None:
            in_base = exchanges[name].fee_asset is FeeAsset.BASE
            is_spot = instrument.market is MarketType.SPOT
            found[name][symbol] = msgspec.structs.replace(
                instrument, buy_fee_in_base=in_base and is_spot
            )
        else:
            findings.say(
                path,
                f"{symbol} has no built-in instrument; add "
                f'[exchanges.{name}.instruments."{symbol}"] with tick_size and lot_size',
            )
    return found


def _traded(bots: Bots) -> list[tuple[ExchangeName, Symbol, Path]]:
    return [
        (bot.common.exchange, symbol, ("bots", bot_id, bot.symbols_key))
        for bot_id, bot in bots.items()
        for symbol in bot.symbols
    ]


def _replayed(exchanges: Exchanges) -> list[tuple[ExchangeName, Symbol, Path]]:
    return [
        (name, Symbol(symbol), ("exchanges", name, "files", symbol))
        for name, section in exchanges.items()
        for symbol in section.files
        if section.market is MarketSource.REPLAY and symbol != ONLY_SYMBOL
    ]


def _instrument(
    symbol: Symbol, given: InstrumentSection, builtin: BuiltinInstrument
) -> Instrument | None:
    changes = {
        name: value
        for name in given.__struct_fields__
        if (value := getattr(given, name)) is not None
    }
    known = builtin(symbol)
    if known is not None:
        return msgspec.structs.replace(known, **changes)
    if {"tick_size", "lot_size"} <= set(changes):
        return Instrument(symbol=symbol, **changes)
    return None
