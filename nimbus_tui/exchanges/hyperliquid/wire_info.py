"""Replies of `POST /info`, in the venue's own words, and how they are decoded.

Source: the protocol reference, "Info requests". A reply that isn't what was asked for (HTML, null,
plain text) is an `ExchangeError`: a read has failed, and says nothing of any order.
"""

from decimal import Decimal
from functools import cache
from typing import Any, Literal, TypeVar

import msgspec

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.exchanges.hyperliquid.wire_records import (
    AssetCtx,
    BasicOrder,
    Candle,
    ClearinghouseState,
    FullOrder,
    FullOrderUpdate,
    Funding,
    L2Book,
    Leverage,
    Millis,
    Record,
    SpotState,
    Trade,
    UserFill,
    check_number,
)

Reply = TypeVar("Reply")
EXCERPT = 120
"""How much of an unreadable reply is shown, in characters."""


class PerpAsset(Record, frozen=True):
    """An entry of the perpetuals' universe; its place in it is its asset id, delisted or not."""

    name: str
    szDecimals: int  # noqa: N815
    maxLeverage: int = 1  # noqa: N815
    onlyIsolated: bool = False  # noqa: N815
    marginMode: str | None = None  # noqa: N815
    isDelisted: bool = False  # noqa: N815


class Meta(Record, frozen=True):
    """All perpetuals of a dex, and the spot token that is their collateral."""

    universe: tuple[PerpAsset, ...]
    collateralToken: int = 0  # noqa: N815


class SpotToken(Record, frozen=True):
    """A token; `index` is its id, its place in the list means nothing."""

    name: str
    szDecimals: int  # noqa: N815
    index: int
    weiDecimals: int = 0  # noqa: N815
    tokenId: str = ""  # noqa: N815
    fullName: str | None = None  # noqa: N815
    isCanonical: bool = False  # noqa: N815


class SpotPair(Record, frozen=True):
    """A pair: base and quote token by index; `index` is its id, not its place in the list."""

    tokens: tuple[int, int]
    name: str
    index: int
    isCanonical: bool = False  # noqa: N815


class SpotMeta(Record, frozen=True):
    """All spot pairs and tokens."""

    universe: tuple[SpotPair, ...]
    tokens: tuple[SpotToken, ...]


class OrderStatus(Record, frozen=True):
    """The answer to `orderStatus`: the order's last change, or that nothing is known of it."""

    status: Literal["order", "unknownOid"]
    order: FullOrderUpdate | None = None


class FundingDelta(Record, frozen=True):
    """The payment inside of a `userFunding` row."""

    coin: str
    usdc: Decimal
    szi: Decimal
    fundingRate: Decimal  # noqa: N815
    nSamples: int | None = None  # noqa: N815


class FundingRow(Record, frozen=True):
    """A row of `userFunding`."""

    time: Millis
    delta: FundingDelta
    hash: str = ""

    @property
    def payment(self) -> Funding:
        """The same as the stream tells it."""
        delta = self.delta
        return Funding(
            delta.coin, delta.usdc, delta.szi, delta.fundingRate, self.time, delta.nSamples
        )


class FundingRateRow(Record, frozen=True):
    """A row of `fundingHistory`; hourly."""

    coin: str
    fundingRate: Decimal  # noqa: N815
    time: Millis
    premium: Decimal | None = None


class LedgerUpdate(Record, frozen=True):
    """A deposit, withdrawal, transfer or liquidation; the fields of `delta` go with its `type`."""

    time: Millis
    delta: dict[str, Any]
    hash: str = ""


class UserRateLimit(Record, frozen=True):
    """The address's budget of actions."""

    cumVlm: Decimal  # noqa: N815
    nRequestsUsed: int  # noqa: N815
    nRequestsCap: int  # noqa: N815
    nRequestsSurplus: int = 0  # noqa: N815


class UserFees(Record, frozen=True):
    """The account's fee rates: taker (cross) and maker (add), perpetuals and spot."""

    userCrossRate: Decimal  # noqa: N815
    userAddRate: Decimal  # noqa: N815
    userSpotCrossRate: Decimal  # noqa: N815
    userSpotAddRate: Decimal  # noqa: N815


class ActiveAssetData(Record, frozen=True):
    """The leverage set for a coin, also without a position."""

    user: str
    coin: str
    leverage: Leverage
    maxTradeSzs: tuple[Decimal, ...] = ()  # noqa: N815
    availableToTrade: tuple[Decimal, ...] = ()  # noqa: N815
    markPx: Decimal | None = None  # noqa: N815


class RoleData(Record, frozen=True):
    """Whose an agent or a sub-account is."""

    user: str | None = None
    master: str | None = None


class UserRole(Record, frozen=True):
    """What an address is: user, agent, subAccount, vault or missing."""

    role: str
    data: RoleData | None = None


class ExtraAgent(Record, frozen=True):
    """A named agent of an account."""

    name: str
    address: str
    validUntil: Millis | None = None  # noqa: N815


class ExchangeStatus(Record, frozen=True):
    """The venue's clock."""

    time: Millis


MetaAndCtxs = tuple[Meta, tuple[AssetCtx, ...]]
"""`metaAndAssetCtxs`: contexts in the order of the universe."""
SpotMetaAndCtxs = tuple[SpotMeta, tuple[AssetCtx, ...]]
"""`spotMetaAndAssetCtxs`: contexts matched by their `coin`."""

INFO_REPLIES: dict[str, Any] = {
    "meta": Meta,
    "spotMeta": SpotMeta,
    "metaAndAssetCtxs": MetaAndCtxs,
    "spotMetaAndAssetCtxs": SpotMetaAndCtxs,
    "allMids": dict[str, Decimal],
    "l2Book": L2Book | None,
    "candleSnapshot": tuple[Candle, ...],
    "recentTrades": tuple[Trade, ...],
    "fundingHistory": tuple[FundingRateRow, ...],
    "clearinghouseState": ClearinghouseState,
    "spotClearinghouseState": SpotState,
    "openOrders": tuple[BasicOrder, ...],
    "frontendOpenOrders": tuple[FullOrder, ...],
    "orderStatus": OrderStatus,
    "historicalOrders": tuple[FullOrderUpdate, ...],
    "userFills": tuple[UserFill, ...],
    "userFillsByTime": tuple[UserFill, ...],
    "userFunding": tuple[FundingRow, ...],
    "userNonFundingLedgerUpdates": tuple[LedgerUpdate, ...],
    "userRateLimit": UserRateLimit,
    "userFees": UserFees,
    "activeAssetData": ActiveAssetData,
    "userRole": UserRole,
    "extraAgents": tuple[ExtraAgent, ...],
    "userAbstraction": str,
    "exchangeStatus": ExchangeStatus,
}
"""Request type → what its reply is decoded to."""


def decode_reply(reply: bytes, kind: type[Reply]) -> Reply:
    """A reply as what was asked for.

    Raises:
        ExchangeError: it is something else, or holds a number that can't be one.
    """
    by_kind: Any = kind
    try:
        decoded: Reply = _decoder(by_kind).decode(reply)
        check_number(decoded)
    except (ValueError, RecursionError) as error:
        shown = reply[:EXCERPT].decode("utf-8", "replace")
        raise ExchangeError(f"an unreadable reply of Hyperliquid ({error}): {shown!r}") from error
    return decoded


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
