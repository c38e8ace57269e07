"""What Hyperliquid says of an account as our words: balances, positions, equity.

Source: the protocol reference, "Info requests" and "Margin, funding, liquidation". A classic
account has two purses, perpetual and spot; a unified one has all its collateral on the spot side.
"""

from collections.abc import Mapping
from decimal import Decimal

from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import Asset
from nimbus_tui.exchanges.hyperliquid.instruments import USDC, Universe
from nimbus_tui.exchanges.hyperliquid.wire_records import ClearinghouseState, SpotState

ZERO = Decimal(0)
ONE = Decimal(1)
_UNIFIED = {"unifiedAccount": True, "portfolioMargin": True, "disabled": False, "default": False}


def is_unified(abstraction: str) -> bool:
    """Whether all collateral lies on the spot side, by the answer to `userAbstraction`.

    Raises:
        ExchangeError: it is a mode that nobody here knows, so the equity would be a guess.
    """
    if abstraction not in _UNIFIED:
        raise ExchangeError(f"{abstraction!r} is a mode of account that is not known here")
    return _UNIFIED[abstraction]


def spot_balances(state: SpotState, universe: Universe) -> tuple[Balance, ...]:
    """All coins of the spot side that aren't 0; what is no spot token is left out."""
    return tuple(
        Balance(universe.asset_of(entry.coin, entry.token), entry.total, entry.hold)
        for entry in state.balances
        if entry.total and universe.is_token(entry.coin, entry.token)
    )


def perp_balance(state: ClearinghouseState) -> Balance:
    """The USDC of the perpetual side without unrealized PnL; margin in use is locked."""
    summary = state.marginSummary
    return Balance(USDC, summary.accountValue - unrealized(state), summary.totalMarginUsed)


def unrealized(state: ClearinghouseState) -> Decimal:
    """The unrealized PnL of all positions."""
    return sum((one.position.unrealizedPnl for one in state.assetPositions), ZERO)


def venue_positions(state: ClearinghouseState, universe: Universe) -> tuple[VenuePosition, ...]:
    """All open positions."""
    return tuple(
        VenuePosition(
            symbol=universe.symbol_of(one.position.coin),
            quantity=one.position.szi,
            entry_price=one.position.entryPx or ZERO,
            unrealized_pnl=one.position.unrealizedPnl,
        )
        for one in state.assetPositions
        if one.position.szi
    )


def account_info(
    address: str,
    perp: ClearinghouseState,
    spot: SpotState,
    universe: Universe,
    prices: Mapping[Asset, Decimal],
    *,
    unified: bool,
    own_key: bool = False,
) -> AccountInfo:
    """The account as a whole, in USDC; `prices` of the spot coins, `own_key` if it may withdraw.

    Coins without a price count as nothing. Of a unified account only losses of open positions
    are added to the coins: whether these include unrealized gains isn't confirmed.
    """
    worth = {USDC: ONE, **prices}
    coins = sum(
        (one.total * worth.get(one.asset, ZERO) for one in spot_balances(spot, universe)), ZERO
    )
    margin = min(ZERO, unrealized(perp)) if unified else perp.marginSummary.accountValue
    return AccountInfo(
        account=address.lower(), currency=USDC, equity=coins + margin, can_withdraw=own_key
    )
