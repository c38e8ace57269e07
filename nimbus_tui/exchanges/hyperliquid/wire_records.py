"""What Hyperliquid's streams and info replies are made of, in the venue's own words.

Source: the protocol reference, "Words and units", "Info requests" and "WebSocket: Payloads".
Numbers come as strings and become Decimals; a number that isn't finite, or that no price, size or
balance can be, makes its message undecodable. Times are ms. Unknown fields are ignored, and fields
that old recordings lack have defaults.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

Millis = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
"""Unix ms, up to the year 9999."""
WireSide = Literal["B", "A"]
"""Bid (buy) or ask (sell); of public trades the aggressor's."""

_MOST_DIGITS = 30
"""No number of the venue's has more digits before or behind the point."""


_HOLD_NUMBERS = frozenset({Decimal, tuple, list, dict})


class Record(msgspec.Struct, frozen=True):
    """A part of a message; all its numbers are sound."""

    def __post_init__(self) -> None:
        for value in msgspec.structs.astuple(self):
            if type(value) in _HOLD_NUMBERS:
                check_number(value)


def check_number(value: Any) -> None:
    """Refuse NaN, infinity and absurd exponents, also inside of containers.

    Raises:
        ValueError: the value is or holds such a number.
    """
    kind = type(value)
    if kind is Decimal:
        if not (value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS):
            raise ValueError("a number that can't be one")
    elif kind in _HOLD_NUMBERS:
        for item in value.values() if kind is dict else value:
            check_number(item)


class Level(Record, frozen=True):
    """A price level: price, size, number of orders."""

    px: Decimal
    sz: Decimal
    n: int


class L2Book(Record, frozen=True):
    """A whole book: bids and asks, best first; never a delta."""

    coin: str
    time: Millis
    levels: tuple[tuple[Level, ...], tuple[Level, ...]]


class Bbo(Record, frozen=True):
    """Best bid and best ask; either may be missing."""

    coin: str
    time: Millis
    bbo: tuple[Level | None, Level | None]


class Trade(Record, frozen=True):
    """A public trade."""

    coin: str
    side: WireSide
    px: Decimal
    sz: Decimal
    time: Millis
    tid: int
    hash: str = ""


class Candle(Record, frozen=True):
    """A candle: open and last ms, symbol, interval, prices, base volume, number of trades."""

    t: Millis
    T: Millis
    s: str
    i: str
    o: Decimal
    c: Decimal
    h: Decimal
    l: Decimal  # noqa: E741
    v: Decimal
    n: int


class AssetCtx(Record, frozen=True):
    """Prices and funding of a perpetual (hourly rate), or prices of a spot pair."""

    markPx: Decimal  # noqa: N815
    prevDayPx: Decimal  # noqa: N815
    dayNtlVlm: Decimal  # noqa: N815
    midPx: Decimal | None = None  # noqa: N815
    oraclePx: Decimal | None = None  # noqa: N815
    funding: Decimal | None = None
    openInterest: Decimal | None = None  # noqa: N815
    premium: Decimal | None = None
    impactPxs: tuple[Decimal, ...] | None = None  # noqa: N815
    coin: str | None = None
    """Set in the contexts of spot pairs, which are matched by it."""


class BasicOrder(Record, frozen=True):
    """An order as `orderUpdates` and `openOrders` tell it; `sz` is what is left of `origSz`."""

    coin: str
    side: WireSide
    limitPx: Decimal  # noqa: N815
    sz: Decimal
    oid: int
    timestamp: Millis
    origSz: Decimal | None = None  # noqa: N815
    cloid: str | None = None
    reduceOnly: bool = False  # noqa: N815


class FullOrder(BasicOrder, frozen=True):
    """An order as `frontendOpenOrders` and `orderStatus` tell it, with its trigger."""

    isTrigger: bool = False  # noqa: N815
    triggerPx: Decimal = Decimal(0)  # noqa: N815
    triggerCondition: str = ""  # noqa: N815
    isPositionTpsl: bool = False  # noqa: N815
    orderType: str = "Limit"  # noqa: N815
    tif: str | None = None


class OrderUpdate(Record, frozen=True):
    """An order after a change of its status."""

    order: BasicOrder
    status: str
    statusTimestamp: Millis  # noqa: N815


class FullOrderUpdate(Record, frozen=True):
    """An order's last recorded change, as `orderStatus` and `historicalOrders` tell it."""

    order: FullOrder
    status: str
    statusTimestamp: Millis  # noqa: N815


class FillLiquidation(Record, frozen=True):
    """On fills of a liquidation; also on those of the counterparty."""

    liquidatedUser: str  # noqa: N815
    markPx: Decimal | None = None  # noqa: N815
    method: str = ""


class UserFill(Record, frozen=True):
    """One execution of ours; `crossed` = taker, `fee` < 0 = rebate, `closedPnl` before the fee."""

    coin: str
    px: Decimal
    sz: Decimal
    side: WireSide
    time: Millis
    startPosition: Decimal  # noqa: N815
    dir: str
    closedPnl: Decimal  # noqa: N815
    oid: int
    crossed: bool
    fee: Decimal
    tid: int = 0
    hash: str = ""
    feeToken: str = "USDC"  # noqa: N815
    cloid: str | None = None
    liquidation: FillLiquidation | None = None


class Funding(Record, frozen=True):
    """One funding payment; `usdc` < 0 = paid."""

    coin: str
    usdc: Decimal
    szi: Decimal
    fundingRate: Decimal  # noqa: N815
    time: Millis
    nSamples: int | None = None  # noqa: N815


class Leverage(Record, frozen=True):
    """Leverage set for a coin."""

    type: Literal["cross", "isolated"]
    value: int
    rawUsd: Decimal | None = None  # noqa: N815


class Position(Record, frozen=True):
    """A net position; `szi` is signed."""

    coin: str
    szi: Decimal
    leverage: Leverage
    positionValue: Decimal  # noqa: N815
    unrealizedPnl: Decimal  # noqa: N815
    marginUsed: Decimal  # noqa: N815
    entryPx: Decimal | None = None  # noqa: N815
    liquidationPx: Decimal | None = None  # noqa: N815


class AssetPosition(Record, frozen=True):
    """A position with its mode; there is only the one-way mode."""

    position: Position
    type: str = "oneWay"


class MarginSummary(Record, frozen=True):
    """Sums over positions; `accountValue` includes unrealized PnL."""

    accountValue: Decimal  # noqa: N815
    totalNtlPos: Decimal  # noqa: N815
    totalRawUsd: Decimal  # noqa: N815
    totalMarginUsed: Decimal  # noqa: N815


class ClearinghouseState(Record, frozen=True):
    """The perpetual side of an account."""

    marginSummary: MarginSummary  # noqa: N815
    crossMarginSummary: MarginSummary  # noqa: N815
    assetPositions: tuple[AssetPosition, ...]  # noqa: N815
    withdrawable: Decimal
    crossMaintenanceMarginUsed: Decimal | None = None  # noqa: N815
    time: Millis = 0


class SpotBalance(Record, frozen=True):
    """One coin of the spot side; available is `total − hold`. Outcome tokens have no `token`."""

    coin: str
    total: Decimal
    hold: Decimal
    token: int | None = None


class SpotState(Record, frozen=True):
    """The spot side of an account."""

    balances: tuple[SpotBalance, ...] = ()
