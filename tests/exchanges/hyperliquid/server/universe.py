"""What is listed: a small list in the reference's shapes, or the recorded one."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.exchanges.hyperliquid import recorded

SPOT_IDS = 10_000
MIN_TABLE = 50
DEX_IDS = 100_000


@dataclass(frozen=True)
class Market:
    """One perpetual or spot pair."""

    coin: str
    asset: int
    spot: bool
    sz_decimals: int
    start: Decimal
    max_leverage: int = 1
    only_isolated: bool = False
    delisted: bool = False
    base: str = ""
    quote: str = "USDC"

    @property
    def grain(self) -> dict[str, Any]:
        """What the rules of prices need to know."""
        return {"spot": self.spot, "sz_decimals": self.sz_decimals}


@dataclass
class Universe:
    """All markets, and the lists as the venue tells them."""

    meta: dict[str, Any]
    spot_meta: dict[str, Any]
    prices: dict[str, Decimal]
    markets: dict[str, Market] = field(default_factory=dict)
    by_asset: dict[int, Market] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, entry in enumerate(self.meta["universe"]):
            self._add(self._perpetual(index, entry))
        tokens = {token["index"]: token for token in self.spot_meta["tokens"]}
        for pair in self.spot_meta["universe"]:
            self._add(self._pair(pair, *(tokens[index] for index in pair["tokens"])))

    @property
    def tokens(self) -> dict[str, dict[str, Any]]:
        """The spot tokens by name."""
        return {token["name"]: token for token in self.spot_meta["tokens"]}

    def _add(self, market: Market) -> None:
        self.markets[market.coin] = self.by_asset[market.asset] = market

    def _perpetual(self, index: int, entry: dict[str, Any]) -> Market:
        coin = entry["name"]
        return Market(
            coin,
            index,
            spot=False,
            sz_decimals=entry["szDecimals"],
            start=self.prices.get(coin, Decimal(10)),
            max_leverage=entry["maxLeverage"],
            only_isolated=bool(entry.get("onlyIsolated") or entry.get("marginMode")),
            delisted=entry.get("isDelisted", False),
            base=coin,
        )

    def _pair(self, pair: dict[str, Any], base: dict[str, Any], quote: dict[str, Any]) -> Market:
        coin = pair["name"]
        return Market(
            coin,
            SPOT_IDS + pair["index"],
            spot=True,
            sz_decimals=base["szDecimals"],
            start=self.prices.get(coin, Decimal(1)),
            base=base["name"],
            quote=quote["name"],
        )


def _perp(name: str, sz_decimals: int, leverage: int, **extra: Any) -> dict[str, Any]:
    table = leverage if leverage < MIN_TABLE else MIN_TABLE
    return {
        "szDecimals": sz_decimals,
        "name": name,
        "maxLeverage": leverage,
        "marginTableId": table,
        **extra,
    }


def _token(name: str, index: int, sz_decimals: int, full: str | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "szDecimals": sz_decimals,
        "weiDecimals": 8,
        "index": index,
        "tokenId": f"0x{index + 1:032x}",
        "isCanonical": index < 2,
        "evmContract": None,
        "fullName": full,
        "deployerTradingFeeShare": "0.0",
    }


def small() -> Universe:
    """A few markets of every kind; numbers as on the testnet, so that none is 0 by chance."""
    perps = [
        _perp("SOL", 2, 20),
        _perp("APT", 2, 10),
        _perp("ATOM", 2, 5),
        _perp("BTC", 5, 40),
        _perp("ETH", 4, 25),
        _perp("MATIC", 1, 20, isDelisted=True),
        _perp("DYDX", 1, 5),
        _perp("kPEPE", 0, 10),
        _perp("XMR", 3, 3, onlyIsolated=True, marginMode="strictIsolated"),
    ]
    tokens = [
        _token("USDC", 0, 8),
        _token("HYPE", 1105, 2, "Hyperliquid"),
        _token("PURR", 1, 0),
        _token("USDH", 1200, 2),
    ]
    pairs = [
        {"tokens": [1105, 0], "name": "@1035", "index": 1035, "isCanonical": False},
        {"tokens": [1, 0], "name": "PURR/USDC", "index": 0, "isCanonical": True},
        {"tokens": [1105, 1200], "name": "@1040", "index": 1040, "isCanonical": False},
    ]
    prices = {
        "SOL": "150.25",
        "APT": "5.1234",
        "ATOM": "4.1",
        "BTC": "83757",
        "ETH": "2400",
        "MATIC": "0.4",
        "DYDX": "0.612",
        "kPEPE": "0.00987",
        "XMR": "310.5",
        "PURR/USDC": "0.16",
        "@1035": "40.01",
        "@1040": "40.02",
    }
    return Universe(
        {"universe": perps, "marginTables": [], "collateralToken": 0},
        {"universe": pairs, "tokens": tokens},
        {coin: Decimal(px) for coin, px in prices.items()},
    )


def recorded_or_small() -> Universe:
    """The recorded list of perpetuals with its prices, where the recordings are; else the small."""
    if not recorded.INFO.exists():
        return small()
    replies = {kind: json.loads(reply) for kind, reply in recorded.replies()}
    prices = {coin: Decimal(px) for coin, px in replies["allMids"].items()}
    meta = {"marginTables": [], "collateralToken": 0, **replies["meta"]}
    own = small()
    return Universe(meta, own.spot_meta, own.prices | prices)
