"""The price at which a market of ours opens, for who wants to know before anything runs."""

from collections.abc import Sequence
from pathlib import Path

from nimbus_tui.core.errors import DataError
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.preview import PreviewPrice, PriceOrigin
from nimbus_tui.simulation.price_files import PriceFile, in_order
from nimbus_tui.simulation.synthetic import start_price


def synthetic_opening(exchange: ExchangeName, instrument: Instrument) -> PreviewPrice:
    """Where the made-up market of an instrument begins."""
    return PreviewPrice(
        exchange=exchange,
        symbol=instrument.symbol,
        price=start_price(instrument.base),
        origin=PriceOrigin.SYNTHETIC_START,
    )


def recorded_opening(
    exchange: ExchangeName, instrument: Instrument, files: Sequence[Path]
) -> PreviewPrice:
    """The first price of a symbol's files.

    Raises:
        DataError: there is none, or the file can't be used.
    """
    ticks = in_order(PriceFile(path, instrument.symbol) for path in files)
    first = next(ticks, None)
    if first is None:
        raise DataError(f"there is no price of {instrument.symbol} in its files")
    return PreviewPrice(
        exchange=exchange,
        symbol=instrument.symbol,
        price=first.price,
        origin=PriceOrigin.FIRST_RECORDED,
        ts=first.ts,
    )
