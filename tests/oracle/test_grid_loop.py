"""The second opinion itself, held against numbers worked out by hand."""

from decimal import Decimal

import pytest

from tests.oracle.grid_loop import GridFill, Rules, fresh_grid, grid_fills

RULES = Rules(
    spacing=Decimal("0.5"),
    levels=3,
    quote_size=Decimal(100),
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.0001"),
    min_notional=Decimal(10),
)


def fills_at(*prices: str, rules: Rules = RULES) -> list[GridFill]:
    return grid_fills([(ts, Decimal(price)) for ts, price in enumerate(prices)], rules)


def told(fills: list[GridFill]) -> list[str]:
    return [f"{fill.ts} {fill.side} {fill.level:+d} {fill.price.normalize():f}" for fill in fills]


def ladder(base: str, rules: Rules = RULES) -> dict[int, str]:
    return {order.level: str(order.price) for order in fresh_grid(Decimal(base), rules)}


def test_a_base_of_2400_has_sells_2412_2424_2436_and_buys_2388_2376_2364() -> None:
    assert ladder("2400") == {
        1: "2412.00",
        2: "2424.00",
        3: "2436.00",
        -1: "2388.00",
        -2: "2376.00",
        -3: "2364.00",
    }


def test_levels_are_rounded_buys_down_and_sells_up() -> None:
    # 0.5 % of 2436.01 is 12.18005.
    assert ladder("2436.01", RULES._replace(levels=1)) == {1: "2448.20", -1: "2423.82"}


def test_geometric_levels_are_powers_of_one_plus_the_spacing() -> None:
    # 102.01 and 103.0301 above; 99.0099…, 98.0296… and 97.0590… below.
    geometric = RULES._replace(mode="geometric", spacing=Decimal(1))
    assert ladder("100", geometric) == {
        1: "101.00",
        2: "102.01",
        3: "103.04",
        -1: "99.00",
        -2: "98.02",
        -3: "97.05",
    }


def test_a_levels_size_is_the_quote_over_its_own_price_in_whole_lots() -> None:
    # 100 ÷ 2412 = 0.04145…, 100 ÷ 2388 = 0.04187…
    sizes = {order.level: str(order.quantity) for order in fresh_grid(Decimal(2400), RULES)}
    assert (sizes[1], sizes[-1]) == ("0.0414", "0.0418")


def test_a_bought_level_is_sold_one_level_higher_in_the_size_that_was_bought() -> None:
    fills = fills_at("2400", "2388", "2400")
    assert told(fills) == ["1 buy -1 2388", "2 sell +0 2400"]
    assert [str(fill.quantity) for fill in fills] == ["0.0418", "0.0418"]


def test_a_sold_level_is_bought_back_one_level_lower_in_the_size_that_was_sold() -> None:
    fills = fills_at("2400", "2412", "2400")
    assert told(fills) == ["1 sell +1 2412", "2 buy +0 2400"]
    assert [str(fill.quantity) for fill in fills] == ["0.0414", "0.0414"]


def test_a_level_that_came_back_can_fill_again() -> None:
    assert told(fills_at("2400", "2388", "2400", "2388", "2400")) == [
        "1 buy -1 2388",
        "2 sell +0 2400",
        "3 buy -1 2388",
        "4 sell +0 2400",
    ]


@pytest.mark.parametrize(
    ("price", "fills"),
    [("2388.01", []), ("2388", ["1 buy -1 2388"]), ("2387.99", ["1 buy -1 2388"])],
)
def test_a_touch_is_enough_and_fills_at_the_limit(price: str, fills: list[str]) -> None:
    assert told(fills_at("2400", price)) == fills


def test_one_tick_over_several_levels_fills_buys_from_the_top_down() -> None:
    assert told(fills_at("2400", "2364")) == ["1 buy -1 2388", "1 buy -2 2376", "1 buy -3 2364"]


def test_one_tick_over_several_levels_fills_sells_from_the_bottom_up() -> None:
    assert told(fills_at("2400", "2364", "2436"))[3:] == [
        "2 sell -2 2376",
        "2 sell -1 2388",
        "2 sell +0 2400",
        "2 sell +1 2412",
        "2 sell +2 2424",
        "2 sell +3 2436",
    ]


def test_the_outermost_level_itself_is_still_inside() -> None:
    assert told(fills_at("2400", "2436", "2424"))[3:] == ["2 buy +2 2424"]


def test_beyond_the_outermost_level_fills_come_first_and_then_a_fresh_grid() -> None:
    # New base 2436.01: its first buy is 2423.82, and the counter order at 2424 is gone.
    fills = fills_at("2400", "2436.01", "2424", "2423.82")
    assert told(fills) == [
        "1 sell +1 2412",
        "1 sell +2 2424",
        "1 sell +3 2436",
        "3 buy -1 2423.82",
    ]


def test_a_fall_beyond_the_lowest_level_moves_the_grid_down() -> None:
    # New base 2363.99: one step is 11.81995, so the first sell is 2375.80995 up to 2375.81.
    fills = fills_at("2400", "2363.99", "2375.80", "2375.81")
    assert told(fills)[3:] == ["3 sell +1 2375.81"]


def test_the_geometric_limit_is_the_unrounded_outermost_level() -> None:
    # The limit above is 103.0301, so 103.03 is inside and 103.04 outside.
    geometric = RULES._replace(mode="geometric", spacing=Decimal(1))
    inside = fills_at("100", "103.03", "102.01", "101", rules=geometric)
    outside = fills_at("100", "103.04", "102.01", "101", rules=geometric)
    assert told(inside)[2:] == ["3 buy +1 101"]
    # From 103.04 the first two buys are 102.0198… and 101.0097…, rounded down.
    assert told(outside)[3:] == ["2 buy -1 102.01", "3 buy -2 101"]


def test_a_level_that_would_cross_waits_until_the_price_is_back_on_its_side() -> None:
    # 2412 lies under the first price; it rests from 2411 on and fills at the next touch.
    started_at_2400 = RULES._replace(base_price=Decimal(2400))
    fills = fills_at("2420", "2412", "2411", "2412", rules=started_at_2400)
    assert told(fills) == ["3 sell +1 2412"]


def test_an_order_under_the_minimum_is_never_sent() -> None:
    assert fills_at("2400", "2364", rules=RULES._replace(quote_size=Decimal("9.9"))) == []


def test_the_fee_is_a_share_of_the_notional() -> None:
    (fill,) = fills_at("2400", "2388", rules=RULES._replace(maker_fee=Decimal("0.0002")))
    # 2388 × 0.0418 × 0.0002
    assert str(fill.fee.normalize()) == "0.01996368"
