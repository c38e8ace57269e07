"""Prices as they arrive."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.order import Side


class Tick(msgspec.Struct, frozen=True):
    """One public trade, or one step of a candle: a price that was traded at `ts` (ns)."""

    ts: int
    symbol: Symbol
    price: Decimal
    size: Decimal
    """Traded quantity in base units; 0 where the source doesn't say."""
    aggressor: Side | None = None
    """Who took, where the source says."""
    recorded_ts: int | None = None
    """When it was traded in the recording, where a replay has given it another `ts`."""


class FundingRate(msgspec.Struct, frozen=True):
    """At `ts` (ns) a long perpetual pays `rate` × its notional to the shorts; < 0 the other way."""

    ts: int
    rate: Decimal


class Quote(msgspec.Struct, frozen=True):
    """The newest price of a symbol as the engine sees it."""

    symbol: Symbol
    price: Decimal
    """Last traded price."""
    ts: int
    """The venue's time of it, ns."""
    mark_price: Decimal | None = None
    """Where the venue has one (perpetuals); else the last price serves."""
