"""What the account holds in one market: balances, positions, equity.

Source: the protocol reference, "Margin, funding, liquidation: Account abstraction". A classic
account has a purse for each market; a unified one has one purse on the spot side for both.
"""

from collections.abc import Sequence
from decimal import Decimal

from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.exchanges.hyperliquid.account import (
    account_info,
    is_unified,
    perp_balance,
    spot_balances,
    venue_positions,
)
from nimbus_tui.exchanges.hyperliquid.connection import Connection
from nimbus_tui.exchanges.hyperliquid.instruments import USDC
from nimbus_tui.exchanges.hyperliquid.wire_records import (
    ClearinghouseState,
    MarginSummary,
    SpotState,
)

ZERO = Decimal(0)
NO_COINS = SpotState(balances=())
"""In place of the other purse of a classic account."""


class Holdings:
    """Of one account in one market."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_unified: bool | None = None
        self.own_key = False
        """Whether the key that signs may also withdraw."""

    async def balances(self) -> Sequence[Balance]:
        """All non-zero balances of the market's purse."""
        if not self._is_perpetual or await self._unified():
            coins = spot_balances(await self._spot(), self._connection.known)
            return [one for one in coins if one.asset == USDC] if self._is_perpetual else coins
        balance = perp_balance(await self._perp())
        return [balance] if balance.total else []

    async def positions(self) -> Sequence[VenuePosition]:
        """All open positions; none on spot."""
        if not self._is_perpetual:
            return ()
        return venue_positions(await self._perp(), self._connection.known)

    async def info(self) -> AccountInfo:
        """The market's purse as a whole, in USDC; a unified account's holds everything."""
        user, known = self._user, self._connection.known
        unified = await self._unified()
        spot = await self._spot() if unified or not self._is_perpetual else NO_COINS
        perp = await self._perp() if unified or self._is_perpetual else _nothing()
        return account_info(
            user,
            perp,
            spot,
            known,
            await self._prices(spot),
            unified=unified,
            own_key=self.own_key,
        )

    @property
    def _is_perpetual(self) -> bool:
        return self._connection.settings.market is MarketType.PERPETUAL

    @property
    def _user(self) -> str:
        user = self._connection.settings.user
        if not user:
            raise ExchangeError(f"{self._connection.name} has no `account` to ask for")
        return user

    async def _unified(self) -> bool:
        if self._is_unified is None:
            answer = await self._connection.rest.user_abstraction(self._user)
            self._is_unified = is_unified(answer)
        return self._is_unified

    async def _perp(self) -> ClearinghouseState:
        return await self._connection.rest.clearinghouse_state(self._user, urgent=True)

    async def _spot(self) -> SpotState:
        return await self._connection.rest.spot_state(self._user, urgent=True)

    async def _prices(self, spot: SpotState) -> dict[Asset, Decimal]:
        """What the coins are worth in USDC, by their mark prices."""
        known = self._connection.known
        held = {one.asset for one in spot_balances(spot, known)} - {USDC}
        if not held:
            return {}
        _, contexts = await self._connection.rest.spot_meta_and_asset_ctxs()
        marks = {one.coin: one.markPx for one in contexts}
        prices: dict[Asset, Decimal] = {}
        for asset in held:
            listing = known.listing(Symbol(f"{asset}/{USDC}"))
            mark = None if listing is None else marks.get(listing.coin)
            if mark is not None:
                prices[asset] = mark
        return prices


def _nothing() -> ClearinghouseState:
    nothing = MarginSummary(
        accountValue=ZERO, totalNtlPos=ZERO, totalRawUsd=ZERO, totalMarginUsed=ZERO
    )
    return ClearinghouseState(
        marginSummary=nothing, crossMarginSummary=nothing, withdrawable=ZERO, assetPositions=()
    )
