"""Executions and funding are ours with every digit, each known again and no two taken for one."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import (
    Asset,
    FundingId,
    Symbol,
    TradeId,
)
from nimbus_tui.core.instrument import parse_symbol
from nimbus_tui.core.order import (
    OrderState,
    Side,
)
from nimbus_tui.exchanges.hyperliquid import translate
from nimbus_tui.exchanges.hyperliquid.wire_info import INFO_REPLIES, decode_reply
from nimbus_tui.exchanges.hyperliquid.wire_records import (
    FillLiquidation,
    UserFill,
)
from tests.exchanges.hyperliquid import recorded
from tests.exchanges.hyperliquid.decoded import BTC, HL, OURS, UNIVERSE, frame, reply
from tests.exchanges.hyperliquid.samples import ADDRESS

D = Decimal


def test_a_fill_is_ours_with_every_digit() -> None:
    wire_fill = frame("fill").fills[0]
    assert translate.fill(wire_fill, UNIVERSE, HL, ADDRESS) == Fill(
        exchange=HL,
        trade_id=TradeId("BTC/1785261290000/57118842019/123456789"),
        client_order_id=OURS,
        symbol=BTC,
        side=Side.BUY,
        price=D("31795.0"),
        quantity=D("0.00016"),
        fee=D("0.000763"),
        fee_asset=Asset("USDC"),
        maker=True,
        ts=1785261290000000000,
    )


def a_fill(**changes: Any) -> UserFill:
    fill: UserFill = frame("user: fill").fills[0]
    return msgspec.structs.replace(fill, **changes)


def test_a_spot_buy_pays_its_fee_in_the_coin() -> None:
    bought = a_fill(coin="@107", feeToken="HYPE", dir="Buy", fee=D("0.0007"))
    fill = translate.fill(bought, UNIVERSE, HL, ADDRESS)
    assert (fill.symbol, fill.fee_asset, fill.fee) == ("HYPE/USDC", "HYPE", D("0.0007"))
    assert not fill.maker


@pytest.mark.parametrize(
    ("changes", "forced"),
    [
        ({}, False),
        ({"dir": "Liquidated Isolated Long"}, True),
        ({"dir": "Auto-Deleveraging"}, True),
        ({"dir": "Settlement"}, True),
        ({"liquidation": FillLiquidation(ADDRESS.upper())}, True),
        # The other side of somebody's liquidation.
        ({"liquidation": FillLiquidation("0x00"), "dir": "Liquidated Cross Long"}, False),
        # An order that bears an id was somebody's wish.
        ({"cloid": "0x" + "1" * 32, "dir": "Auto-Deleveraging"}, False),
        ({"dir": "Spot Dust Conversion", "tid": 0}, False),
    ],
)
def test_what_the_venue_did_by_itself_is_forced(changes: dict[str, Any], forced: bool) -> None:
    assert translate.fill(a_fill(**changes), UNIVERSE, HL, ADDRESS).forced is forced


def test_executions_are_told_apart_and_known_again() -> None:
    fills = [
        a_fill(),
        a_fill(tid=1),
        a_fill(time=1),
        a_fill(coin="BTC"),
        a_fill(oid=2),
        a_fill(tid=0),
        a_fill(tid=0, hash="0x1"),
        a_fill(tid=0, startPosition=D(7)),
        a_fill(tid=0, sz=D(7)),
    ]
    assert len({translate.trade_id(one) for one in fills}) == len(fills)
    assert translate.trade_id(a_fill()) == translate.trade_id(a_fill(dir="x", hash="0x2"))


@pytest.mark.skipif(not recorded.INFO.exists(), reason=recorded.ABSENT)
def test_every_recorded_fill_and_order_becomes_ours_and_no_two_are_one() -> None:
    fills: list[Fill] = []
    for kind, text in recorded.replies():
        if kind == "userFills":
            rows = decode_reply(text, INFO_REPLIES[kind])
            fills += [translate.fill(row, UNIVERSE, HL, ADDRESS) for row in rows]
        if kind == "openOrders":
            for order in decode_reply(text, INFO_REPLIES[kind]):
                report = translate.open_order_report(order, UNIVERSE)
                assert parse_symbol(report.symbol)
                assert report.state is OrderState.OPEN
    assert len(fills) > 400
    assert all(parse_symbol(fill.symbol) and fill.quantity > 0 for fill in fills)
    assert len({fill.trade_id for fill in fills}) == len(fills)


def test_a_funding_payment_is_the_same_from_the_stream_and_from_the_history() -> None:
    told = frame("fundings").fundings[0]
    payment = translate.funding_payment(told, UNIVERSE, HL)
    assert payment == FundingPayment(
        exchange=HL,
        funding_id=FundingId("ETH/497320"),
        symbol=Symbol("ETH/USDC:USDC"),
        amount=D("-3.625312"),
        asset=Asset("USDC"),
        ts=1790352000015000000,
        rate=D("0.0000417"),
        position=D("49.1477"),
    )
    for beside_ms in (-900, 0, 20_000):
        stamp = msgspec.structs.replace(told, time=1790352000000 + beside_ms)
        assert payment.funding_id == translate.funding_payment(stamp, UNIVERSE, HL).funding_id
    next_hour = msgspec.structs.replace(told, time=told.time + 3_600_000)
    assert payment.funding_id != translate.funding_payment(next_hour, UNIVERSE, HL).funding_id
    row = reply("userFunding")[0].payment
    assert translate.funding_payment(row, UNIVERSE, HL).amount == D("-3.625312")
