"""The account is worth what is certain."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.exchanges.hyperliquid import account
from nimbus_tui.exchanges.hyperliquid.wire_info import (
    decode_reply,
)
from nimbus_tui.exchanges.hyperliquid.wire_records import ClearinghouseState, SpotBalance, SpotState
from tests.exchanges.hyperliquid.decoded import UNIVERSE
from tests.exchanges.hyperliquid.samples import ADDRESS, REPLIES

D = Decimal
PERP = decode_reply(REPLIES["clearinghouseState"][1], ClearinghouseState)
SPOT = decode_reply(REPLIES["spotClearinghouseState"][1], SpotState)
PRICES = {Asset("HYPE"): D(40)}


def test_coins_are_balances_with_what_orders_hold() -> None:
    assert account.spot_balances(SPOT, UNIVERSE) == (
        Balance(Asset("USDC"), D("14.625485"), D(0)),
        Balance(Asset("HYPE"), D("5.2"), D("1.0")),
    )


@pytest.mark.parametrize(
    ("coin", "token", "known"),
    [("HYPE", 150, True), ("HYPE", None, True), ("+10", None, False), ("NEW", 999, False)],
)
def test_what_is_no_token_that_we_know_is_left_out(
    coin: str, token: int | None, known: bool
) -> None:
    state = SpotState((SpotBalance(coin, D(1), D(0), token),))
    assert (len(account.spot_balances(state, UNIVERSE)) == 1) is known


def test_the_perpetual_purse_has_no_unrealized_gains() -> None:
    assert account.perp_balance(PERP) == Balance(Asset("USDC"), D("26368.393493"), D("37766.7"))


def test_positions_are_signed() -> None:
    assert account.venue_positions(PERP, UNIVERSE) == (
        VenuePosition(Symbol("BTC/USDC:USDC"), D("4.5"), D("81285.0"), D("11884.306507")),
    )
    one = PERP.assetPositions[0]
    flat = msgspec.structs.replace(one, position=msgspec.structs.replace(one.position, szi=D(0)))
    short = msgspec.structs.replace(
        one, position=msgspec.structs.replace(one.position, szi=D(-1), entryPx=None)
    )
    state = msgspec.structs.replace(PERP, assetPositions=(flat, short))
    (found,) = account.venue_positions(state, UNIVERSE)
    assert (found.quantity, found.entry_price) == (D(-1), D(0))


def equity(**changes: Any) -> Decimal:
    state = changes.pop("perp", PERP)
    info = account.account_info(ADDRESS.upper(), state, SPOT, UNIVERSE, PRICES, **changes)
    expected = AccountInfo(account=ADDRESS, currency=Asset("USDC"), equity=info.equity)
    assert msgspec.structs.replace(info, can_withdraw=False) == expected
    assert info.can_withdraw is changes.get("own_key", False)
    return info.equity


def test_a_classic_account_is_both_purses() -> None:
    assert equity(unified=False) == D("38252.7") + D("14.625485") + D("5.2") * 40
    assert equity(unified=False, own_key=True) == equity(unified=False)


def test_a_unified_account_is_its_coins_and_at_most_less() -> None:
    coins = D("14.625485") + D("5.2") * 40
    assert equity(unified=True) == coins
    one = PERP.assetPositions[0]
    losing = msgspec.structs.replace(one.position, unrealizedPnl=D(-20))
    state = msgspec.structs.replace(
        PERP, assetPositions=(msgspec.structs.replace(one, position=losing),)
    )
    assert equity(unified=True, perp=state) == coins - 20


@pytest.mark.parametrize(
    ("word", "unified"),
    [("default", False), ("disabled", False), ("unifiedAccount", True), ("portfolioMargin", True)],
)
def test_the_mode_of_an_account(word: str, unified: bool) -> None:
    assert account.is_unified(word) is unified


def test_an_unknown_mode_is_not_guessed() -> None:
    with pytest.raises(ExchangeError, match="'brandNew' is a mode"):
        account.is_unified("brandNew")
