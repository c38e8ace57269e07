"""The second opinion itself, held against numbers worked out by hand."""

from decimal import Decimal

from tests.oracle.portfolio_loop import Loop, Rules, portfolio_loop

PRICES = {"BTC": 50_000, "ETH": 2500, "SOL": 100, "MATIC": Decimal("0.5")}
RULES = Rules(
    targets={"BTC": Decimal(40), "ETH": Decimal(30), "SOL": Decimal(20), "MATIC": Decimal(10)},
    lots={
        "BTC": Decimal("0.00001"),
        "ETH": Decimal("0.0001"),
        "SOL": Decimal("0.001"),
        "MATIC": Decimal("0.1"),
    },
)
HOUR = 3600 * 10**9


def prices(ts: int, **changed: int) -> list[tuple[int, str, Decimal]]:
    return [(ts, coin, Decimal(price)) for coin, price in (PRICES | changed).items()]


def told(loop: Loop) -> list[str]:
    return [f"{f.key} {f.side} {(f.price * f.quantity).normalize():f}" for f in loop.fills]


def test_cash_is_bought_at_the_next_price_of_each_coin() -> None:
    loop = portfolio_loop([*prices(0), *prices(1)], RULES)
    assert told(loop) == [
        "rebalance/1.1/BTC buy 4000",
        "rebalance/1.1/ETH buy 3000",
        "rebalance/1.1/SOL buy 2000",
        "rebalance/1.1/MATIC buy 1000",
    ]
    assert (loop.cash, loop.ended) == (0, 1)


def test_btc_45_of_40_sells_500_and_buys_eth_200_sol_200_matic_100() -> None:
    loop = Loop(RULES)
    loop.held = {
        "BTC": Decimal("0.09"), "ETH": Decimal("1.12"), "SOL": Decimal(18), "MATIC": Decimal(1800),
    }  # fmt: skip
    loop.cash = Decimal(0)
    for tick in [*prices(0), *prices(1)]:
        loop.tick(*tick)
    assert told(loop) == [
        "rebalance/1.1/BTC sell 500",
        "rebalance/1.1/ETH buy 200",
        "rebalance/1.1/SOL buy 200",
        "rebalance/1.1/MATIC buy 100",
    ]
    assert loop.drifts() == {"BTC": 0, "ETH": 0, "SOL": 0, "MATIC": 0}


def test_the_rest_of_an_hour_ends_between_two_ticks() -> None:
    # BTC at 65,000 is 46 %; the order is sent at the hour, so the tick after it fills it.
    early = portfolio_loop([*prices(0), *prices(1), *prices(2, BTC=65_000)], RULES)
    assert early.rounds == 1
    later = portfolio_loop(
        [*prices(0), *prices(1), *prices(2, BTC=65_000), *prices(HOUR + 5, BTC=65_000)], RULES
    )
    assert later.rounds == 2
    assert told(later)[4].startswith("rebalance/2.1/BTC sell ")
    assert later.fills[4].ts == HOUR + 5


def test_the_fee_is_taken_from_the_cash_and_makes_the_buys_smaller() -> None:
    loop = portfolio_loop([*prices(0), *prices(1)], RULES._replace(fee=Decimal("0.001")))
    # 10,000 ÷ 1.001 × 40 % = 3,996.00 of BTC, in lots of 0.50
    assert told(loop)[0] == "rebalance/1.1/BTC buy 3996"
    assert 0 < loop.cash < 1
