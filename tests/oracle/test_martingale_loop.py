"""The second opinion on the martingale, held against numbers worked out by hand."""

from decimal import Decimal

from tests.oracle.martingale_loop import Rules, martingale_fills

RULES = Rules(
    base_quote=Decimal(100),
    multiplier=Decimal(2),
    step_percent=Decimal("1.5"),
    step_scale=Decimal("1.2"),
    max_steps=3,
    take_profit=Decimal(1),
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.001"),
    maker_fee=Decimal("0.0002"),
    taker_fee=Decimal("0.0005"),
)


def told(*prices: str, rules: Rules = RULES) -> list[str]:
    fills = martingale_fills([(ts, Decimal(price)) for ts, price in enumerate(prices)], rules)
    return [f"{f.ts} {f.cycle}/{f.step} {f.side} {f.price} {f.quantity}" for f in fills]


def test_a_long_ladder_goes_down_and_out() -> None:
    assert told("150", "150", "147.75", "145", "141.81", "145.43", "145.44", "146") == [
        "1 1/base buy 150 0.666",
        "2 1/1 buy 147.75 1.353",
        "3 1/2 buy 145.05 2.757",
        "4 1/3 buy 141.81 5.641",
        "6 1/tp sell 145.44 10.417",
        "7 2/base buy 146 0.687",
    ]


def test_a_short_ladder_goes_up_and_out() -> None:
    assert told("150", "150", "160", "154.35", "154.34", rules=RULES._replace(short=True)) == [
        "1 1/base sell 150 0.666",
        "2 1/1 sell 152.25 1.313",
        "2 1/2 sell 154.95 2.581",
        "2 1/3 sell 158.19 5.057",
        "4 1/tp buy 154.34 9.617",
    ]


def test_the_next_cycle_waits_for_the_cooldown_and_is_sized_at_the_price_of_its_end() -> None:
    assert told("150", "150", "151.58", "160", "100", "101", rules=RULES._replace(cooldown_ns=2))[
        2:
    ] == ["4 2/base buy 100 0.625"]
