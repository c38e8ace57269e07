"""The second opinion itself, held against numbers worked out by hand."""

from decimal import Decimal

from tests.oracle.dca_loop import DcaFill, Rules, dca_fills

SECOND = 1_000_000_000
RULES = Rules(
    every_ns=10 * SECOND,
    order_quote=Decimal(50),
    tick_size=Decimal("0.1"),
    lot_size=Decimal("0.00000001"),
    maker_fee=Decimal(0),
    taker_fee=Decimal("0.001"),
)


def fills_at(*ticks: tuple[int, int], rules: Rules = RULES) -> list[DcaFill]:
    return dca_fills([(second * SECOND, Decimal(price)) for second, price in ticks], rules)


def test_an_order_is_sized_at_its_due_time_and_filled_by_the_next_tick() -> None:
    (first, second) = fills_at((0, 40_000), (1, 40_000), (9, 41_000), (10, 42_000))
    assert (first.quantity, second.quantity) == (Decimal("0.00125"), Decimal("0.00121951"))
    assert (second.slot, second.price, second.fee) == (1, 42_000, Decimal("0.05121942"))


def test_of_slots_that_fall_due_without_a_price_only_the_last_is_bought() -> None:
    assert [fill.slot for fill in fills_at((0, 40_000), (35, 40_000))] == [3]


def test_a_limit_waits_for_its_price_until_the_next_is_due() -> None:
    limited = RULES._replace(offset_percent=Decimal(1))
    # 1 % under 40,000 is 39,600; at second 10 the price before is 39,601, so the limit is 39,204.9.
    late = fills_at((0, 40_000), (5, 39_601), (10, 39_600), (12, 39_204), rules=limited)
    assert [(fill.slot, fill.ts, fill.price) for fill in late] == [
        (1, 12 * SECOND, Decimal("39204.9"))
    ]
    in_time = fills_at((0, 40_000), (5, 39_600), (10, 39_600), rules=limited)
    assert [(fill.slot, fill.price) for fill in in_time] == [(0, 39_600)]


def test_under_the_floor_nothing_is_bought() -> None:
    assert fills_at((0, 40_000), (1, 40_000), rules=RULES._replace(floor=Decimal(40_001))) == []
