"""What is traded at Hyperliquid: its universe as instruments with asset ids and coin names.

Source: the protocol reference, "Assets" and "Price, size and notional rules". Ids come from the
venue at every start and are never written down: they differ between the networks. Perpetuals that
other builders deploy have ids too, but margin and collateral of their own, so they aren't offered.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.instrument import ONE, Instrument, parse_symbol
from nimbus_tui.exchanges.hyperliquid.wire_info import Meta, SpotMeta, UserFees

USDC = Asset("USDC")
PRICE_FIGURES = 5
PERP_DECIMALS = 6
"""Most decimals of a perpetual's price, less the decimals of its size."""
SPOT_DECIMALS = 8
MIN_NOTIONAL = Decimal(10)
SPOT_OFFSET = 10_000
BASE_FEES = UserFees(
    userCrossRate=Decimal("0.00045"),
    userAddRate=Decimal("0.00015"),
    userSpotCrossRate=Decimal("0.0007"),
    userSpotAddRate=Decimal("0.0004"),
)
"""The fees of an account without volume; an account's own are read from `userFees`."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument with its names at the venue."""

    instrument: Instrument
    asset: int
    """The number that actions use."""
    coin: str
    """The name that reads and subscriptions use."""
    max_leverage: int = 1
    only_isolated: bool = False


class Universe:
    """All listings, found by symbol or by the coin of a reply; and the assets of spot tokens.

    `left_out` says of every other coin why it isn't offered.
    """

    def __init__(
        self,
        listings: Iterable[Listing],
        left_out: Mapping[str, str],
        symbols: Mapping[str, Symbol],
        assets: Mapping[int, Asset],
        tokens: Mapping[str, Asset],
    ) -> None:
        self.left_out = left_out
        self._symbols = symbols
        self._by_symbol = {listing.instrument.symbol: listing for listing in listings}
        self._by_coin = {listing.coin: listing for listing in self._by_symbol.values()}
        self._assets = assets
        self._tokens = tokens

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Everything that can be traded."""
        return tuple(listing.instrument for listing in self._by_symbol.values())

    def listing(self, symbol: Symbol) -> Listing | None:
        """What a symbol means; None if it isn't traded here."""
        return self._by_symbol.get(symbol)

    def of_coin(self, coin: str) -> Listing | None:
        """What a coin in a reply means; None for what isn't offered."""
        return self._by_coin.get(coin)

    def symbol_of(self, coin: str) -> Symbol:
        """The symbol of a coin in a reply; whatever isn't offered has one that nothing else has.

        So what happens in it is still told, and no bot can mistake it for its own.
        """
        return self._symbols.get(coin) or placeholder(coin)

    def is_token(self, token_name: str, token: int | None = None) -> bool:
        """Whether a balance is of a spot token; there are others, like those of outcomes."""
        return token in self._assets if token is not None else token_name in self._tokens

    def asset_of(self, token_name: str, token: int | None = None) -> Asset:
        """The asset of a spot token, by its index where the reply has one."""
        by_index = None if token is None else self._assets.get(token)
        return by_index or self._tokens.get(token_name) or Asset(token_name)


class _Candidate(msgspec.Struct, frozen=True):
    listing: Listing
    why_not: str = ""


def universe(meta: Meta, spot_meta: SpotMeta, fees: UserFees = BASE_FEES) -> Universe:
    """Everything that is listed, with an account's fees.

    Where two would have the same symbol, the one that was listed first has it for good, even when
    it is delisted: assets are only ever appended, so a symbol never changes its meaning.
    """
    assets, tokens = _assets(spot_meta)
    listings: list[Listing] = []
    left_out: dict[str, str] = {}
    claimed: dict[Symbol, str] = {}
    for candidate in (*_perpetuals(meta, fees), *_spot(spot_meta, assets, fees)):
        symbol, coin = candidate.listing.instrument.symbol, candidate.listing.coin
        first = claimed.setdefault(symbol, coin)
        taken = "" if first == coin else f"{symbol} is {first} already"
        if why := _no_symbol(symbol) or candidate.why_not or taken:
            left_out[coin] = why
        else:
            listings.append(candidate.listing)
    symbols = {coin: symbol for symbol, coin in claimed.items() if not _no_symbol(symbol)}
    return Universe(listings, left_out, symbols, assets, tokens)


def placeholder(coin: str) -> Symbol:
    """A sound symbol for a coin that is not offered; spot pairs begin with `@`, `#` or `+`."""
    name = f"UNLISTED{coin.encode().hex().upper()}/{USDC}"
    is_spot = coin.startswith(("@", "#", "+")) or "/" in coin
    return Symbol(name if is_spot else f"{name}:{USDC}")


def _perpetuals(meta: Meta, fees: UserFees) -> Iterator[_Candidate]:
    collateral = "its collateral is not USDC" if meta.collateralToken else ""
    for asset, perp in enumerate(meta.universe):
        listing = Listing(
            instrument=Instrument(
                symbol=Symbol(f"{perp.name.upper()}/{USDC}:{USDC}"),
                tick_size=_grain(PERP_DECIMALS - perp.szDecimals),
                lot_size=_grain(perp.szDecimals),
                significant_figures=PRICE_FIGURES,
                min_notional=MIN_NOTIONAL,
                maker_fee=fees.userAddRate,
                taker_fee=fees.userCrossRate,
            ),
            asset=asset,
            coin=perp.name,
            max_leverage=perp.maxLeverage,
            only_isolated=perp.onlyIsolated or perp.marginMode is not None,
        )
        yield _Candidate(listing, "delisted" if perp.isDelisted else collateral)


def _spot(meta: SpotMeta, assets: Mapping[int, Asset], fees: UserFees) -> Iterator[_Candidate]:
    decimals = {token.index: token.szDecimals for token in meta.tokens}
    for pair in sorted(meta.universe, key=lambda pair: pair.index):
        base, quote = pair.tokens
        known = base in decimals and quote in decimals
        size_decimals = decimals.get(base, 0)
        listing = Listing(
            instrument=Instrument(
                symbol=Symbol(f"{assets.get(base, base)}/{assets.get(quote, quote)}"),
                tick_size=_grain(SPOT_DECIMALS - size_decimals),
                lot_size=_grain(size_decimals),
                significant_figures=PRICE_FIGURES,
                min_notional=MIN_NOTIONAL,
                maker_fee=fees.userSpotAddRate,
                taker_fee=fees.userSpotCrossRate,
                buy_fee_in_base=True,
            ),
            asset=spot_asset(pair.index),
            coin=pair.name,
        )
        yield _Candidate(listing, "" if known else "one of its tokens is not listed")


def _assets(meta: SpotMeta) -> tuple[dict[int, Asset], dict[str, Asset]]:
    """Each token's asset by index and by name; names that differ in case only are told apart."""
    by_index: dict[int, Asset] = {}
    by_name: dict[str, Asset] = {}
    for token in sorted(meta.tokens, key=lambda token: token.index):
        asset = Asset(token.name.upper())
        if asset in by_name.values():
            asset = Asset(f"{token.name}#{token.index}")
        by_index[token.index] = asset
        by_name.setdefault(token.name, asset)
    return by_index, by_name


def _grain(decimals: int) -> Decimal:
    """The least step of a number with so many decimals."""
    return ONE.scaleb(-max(0, decimals))


def _no_symbol(symbol: str) -> str:
    try:
        parse_symbol(symbol)
    except ConfigError:
        return f"{symbol!r} is not a symbol of letters and digits"
    return ""


def spot_asset(index: int) -> int:
    """The id of a spot pair."""
    return SPOT_OFFSET + index
