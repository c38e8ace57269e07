"""Exported tables: plain decimals, empty where nothing is known, times in ns."""

import io
from decimal import Decimal

import msgspec

from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.market import Quote
from nimbus_tui.journal import export
from tests.contracts.journal import a_fill, a_payment


def test_fills_have_the_columns_that_scripts_rely_on() -> None:
    stream = io.StringIO()
    export.write_fills([a_fill()], stream)
    assert stream.getvalue() == (
        "ts,bot_id,key,symbol,side,price,quantity,fee,fee_asset,maker,trade_id,client_order_id\n"
        "7,eth,grid/+1/c1,ETH/USDC,buy,2400.10,0.00000001,0.0000000000,USDC,true,1,nb1\n"
    )


def test_funding_says_how_it_came_about_where_that_is_known() -> None:
    whole: FundingPayment = msgspec.structs.replace(
        a_payment("f2", "eth"), position=Decimal("-0.5"), mark_price=Decimal("2400.10")
    )
    stream = io.StringIO()
    export.write_funding([a_payment("f1", None), whole], stream)
    assert stream.getvalue() == (
        "ts,bot_id,symbol,amount,asset,rate,position,mark_price,funding_id\n"
        "7,,ETH/USDC:USDC,-0.00000001,USDC,0.0001,,,f1\n"
        "7,eth,ETH/USDC:USDC,-0.00000001,USDC,0.0001,-0.5,2400.10,f2\n"
    )


def test_a_mark_is_the_venues_own_where_it_has_one() -> None:
    stream = io.StringIO()
    quotes = [
        Quote("ETH/USDC", Decimal("2400.0"), 5),
        Quote("BTC/USDC:USDC", Decimal(1), 6, mark_price=Decimal("1E+3")),
    ]
    export.write_marks(quotes, stream)
    assert stream.getvalue() == "ts,symbol,mark_price\n5,ETH/USDC,2400.0\n6,BTC/USDC:USDC,1000\n"
