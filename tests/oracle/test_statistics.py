"""The second opinion on the figures itself, held against numbers worked out by hand."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.oracle.statistics import (
    DAY_NS,
    Tables,
    account_of,
    figures_of,
    grid_round_trips,
    read_tables,
    sharpe_ratio,
    worst_drawdown,
)

FILLS = "ts,bot_id,key,symbol,side,price,quantity,fee,fee_asset,maker,trade_id,client_order_id\n"
LOTS = {"ETH/USDC": "0.01", "BTC/USDC:USDC": "0.01"}


def tables(
    folder: Path, fills: str, funding: str = "", marks: str = "", orders: str = ""
) -> Tables:
    """`ts key symbol side price quantity fee asset` a fill, `ts symbol amount` a payment."""
    lines = [line.split() for line in fills.strip().splitlines()]
    (folder / "fills.csv").write_text(
        FILLS
        + "".join(
            f"{ts},b,{key},{symbol},{side},{price},{quantity},{fee},{asset},true,t,c\n"
            for ts, key, symbol, side, price, quantity, fee, asset in lines
        )
    )
    paid = [line.split() for line in funding.strip().splitlines()]
    (folder / "funding.csv").write_text(
        "ts,bot_id,symbol,amount\n" + "".join(f"{ts},b,{s},{a}\n" for ts, s, a in paid)
    )
    (folder / "orders.csv").write_text(
        "ts,key\n" + "".join(",".join(line.split()) + "\n" for line in orders.splitlines())
    )
    (folder / "marks.csv").write_text(
        "ts,symbol,mark_price\n"
        + "".join("9," + ",".join(line.split()) + "\n" for line in marks.splitlines())
    )
    (folder / "equity.csv").write_text("ts,equity\n0,1000\n10,1000\n")
    return read_tables(folder)


def test_average_cost_and_first_in_first_out_share_the_same_money(tmp_path: Path) -> None:
    found = tables(
        tmp_path,
        """1 k ETH/USDC buy 100 1 0.1 USDC
           2 k ETH/USDC buy 120 1 0.1 USDC
           3 k ETH/USDC sell 150 1.5 0.3 USDC""",
        marks="ETH/USDC 140\nBTC/USDC:USDC 1",
    )
    figures = figures_of(found, LOTS, 0, 10)
    assert figures["realized_pnl"] == 60
    assert figures["statistics.realized_pnl_fifo"] == 65
    assert figures["unrealized_pnl"] == 15
    assert figures["fees"] == Fraction("0.5")
    assert figures["equity"] == 1000 + 60 + 15 - Fraction("0.5")
    assert str(figures["statistics.time_in_market"]) == "0.9000"


def test_a_trade_through_zero_ends_a_cycle_and_its_fee_is_split(tmp_path: Path) -> None:
    found = tables(
        tmp_path,
        """1 k BTC/USDC:USDC buy 100 1 1 USDC
           2 k BTC/USDC:USDC sell 110 3 3 USDC
           4 k BTC/USDC:USDC buy 120 2 2 USDC""",
        funding="3 BTC/USDC:USDC 0.5",
    )
    # 10 − 1 − a third of 3; then −20 − two thirds of 3 − 2 + 0.5 of funding.
    assert account_of(found, LOTS).cycles == [8, Fraction("-23.5")]
    figures = figures_of(found._replace(marks={s: Fraction(1) for s in LOTS}), LOTS, 0, 10)
    assert str(figures["profit_factor"]) == "0.3404"
    assert str(figures["win_rate"]) == "0.5000"
    assert figures["statistics.losses_in_a_row"] == 1
    assert str(figures["statistics.time_in_market"]) == "0.3000"


def test_less_than_a_lot_is_flat_and_its_cost_waits_for_the_next_cycle(tmp_path: Path) -> None:
    found = tables(
        tmp_path,
        """1 k ETH/USDC buy 100 1 0.001 ETH
           2 k ETH/USDC sell 110 0.99 0 USDC
           3 k ETH/USDC buy 100 1 0 USDC
           4 k ETH/USDC sell 100 1 0 USDC""",
    )
    account = account_of(found, LOTS)
    assert account.holdings["ETH/USDC"].coins == Fraction("0.009")
    assert account.fees == Fraction("0.1")
    assert account.cycles == [Fraction("9.8"), 0]


def test_two_symbols_of_one_bot_have_cycles_of_their_own(tmp_path: Path) -> None:
    found = tables(
        tmp_path,
        """1 k ETH/USDC buy 100 1 0 USDC
           2 k BTC/USDC:USDC sell 1000 1 0 USDC
           3 k ETH/USDC sell 90 1 0 USDC
           5 k BTC/USDC:USDC buy 900 1 0 USDC""",
        marks="ETH/USDC 90\nBTC/USDC:USDC 900",
    )
    assert account_of(found, LOTS).cycles == [-10, 100]
    assert str(figures_of(found, LOTS, 1, 9)["statistics.time_in_market"]) == "0.5000"


def test_a_fee_that_the_tables_cannot_value_is_an_error(tmp_path: Path) -> None:
    found = tables(tmp_path, "1 k ETH/USDC buy 100 1 0.001 BNB")
    with pytest.raises(ValueError, match="BNB"):
        account_of(found, LOTS)


def test_the_first_point_is_the_first_peak() -> None:
    curve = [(0, Fraction(100)), (1, Fraction(90)), (2, Fraction(120)), (3, Fraction(114))]
    assert str(worst_drawdown(curve)) == "0.1000000000"


def test_sharpe_is_of_the_days_ends() -> None:
    values = ("100", "50", "101", "99.99", "103.9896")
    curve = [(number * DAY_NS // 2, Fraction(value)) for number, value in enumerate(values)]
    # Days end at 50, 99.99 and 103.9896.
    returns = (99.99 / 50 - 1, 103.9896 / 99.99 - 1)
    mean, spread = sum(returns) / 2, abs(returns[0] - returns[1]) / 2**0.5
    assert sharpe_ratio(curve) == round(mean / spread * 365**0.5, 4)
    assert sharpe_ratio(curve[:3]) is None


def test_a_grids_round_trips_begin_anew_at_every_centring(tmp_path: Path) -> None:
    found = tables(
        tmp_path,
        """1 grid/-1/c1 BTC/USDC:USDC buy 100 1 0.1 USDC
           2 grid/0/c2 BTC/USDC:USDC sell 102 1 0.1 USDC
           3 grid/-1/c3 BTC/USDC:USDC buy 100 1 0 USDC
           5 grid/+1/c4 BTC/USDC:USDC sell 120 1 0 USDC
           6 grid/0/c5 BTC/USDC:USDC buy 119 1 0 USDC""",
        orders="""0 grid/-1/c1\n0 grid/+1/c1\n1 grid/0/c2\n2 grid/-1/c3
                  4 grid/-1/c4\n4 grid/+1/c4\n5 grid/0/c5""",
    )
    # The buy at 3 was left behind by the centring at 4.
    assert grid_round_trips(found) == [Fraction("1.8"), 1]
