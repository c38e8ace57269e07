"""The martingale's decisions, fill by fill, on numbers worked out by hand."""

from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.accounting.books import absorb as entered
from nimbus_tui.accounting.books import opened
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.strategies.martingale_decisions import (
    absorbed,
    begun,
    closed,
    is_stuck,
    is_triggered,
    newly_done,
    next_parts,
    refreshed_base,
    with_steps,
    with_trigger,
)
from nimbus_tui.strategies.martingale_state import (
    MartingaleState,
    exit_quantity,
    target_price,
)
from nimbus_tui.strategies.martingale_steps import (
    MartingaleConfig,
    MartingaleSide,
    TriggerDirection,
)
from tests.simulation.martingale_world import config_of, sol

CASH = Decimal(100_000)
NONE: frozenset[str] = frozenset()


def fill(
    key: str,
    side: Side,
    price: str,
    quantity: str,
    fee: str = "0",
    asset: str = "USDC",
    ts: int = 0,
) -> Fill:
    return Fill(
        exchange="sim",
        trade_id=f"{key}/{price}/{quantity}/{ts}",
        client_order_id="nb",
        symbol="SOL/USDC:USDC",
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=Decimal(fee),
        fee_asset=asset,
        maker=True,
        ts=ts,
        key=key,
    )


def opened_at(
    price: str, config: MartingaleConfig, traded: Instrument, fee: str = "0"
) -> MartingaleState:
    """A cycle whose base order has filled whole at a price, steps fixed."""
    state = begun(MartingaleState(), config, traded, Decimal(price), CASH)
    assert state.base is not None
    done = fill(state.base.key, state.side, price, str(state.base.quantity), fee)
    return with_steps(absorbed(state, done, config, traded), config, traded, CASH)


def test_a_long_ladder_by_hand() -> None:
    """Base 100 at 150, times 2, 1.5 % widening by 1.2, take profit 1 %, maker 0.02, taker 0.05 %.

    base    0.666 × 150 = 99.9, fee 0.04995: cost 99.94995; ÷ 0.666 = 150.075
            × 1.01 = 151.57575 → take profit 151.58
    step 1  1.353 × 147.75 = 199.90575, fee 0.03998115: cost 299.89568115 ÷ 2.019
            = 148.5367415…, × 1.01 = 150.0221… → 150.03
    step 2  2.757 × 145.05 = 399.90285, fee 0.07998057: cost 699.87851172 ÷ 4.776
            = 146.5407269…, × 1.01 = 148.0061… → 148.01
    step 3  5.641 × 141.81 = 799.95021, fee 0.159990042: cost 1499.988711762 ÷ 10.417
            = 143.9943085…, × 1.01 = 145.4342… → 145.44
    exit    10.417 × 145.44 = 1515.04848, fee 0.303009696
            1515.04848 − 0.303009696 − 1499.988711762 = 14.756758542
    """
    config, traded = config_of(), sol()
    state = opened_at("150", config, traded, fee="0.04995")
    assert state.entry_price == Decimal(150)
    assert [(str(leg.key), str(leg.price), str(leg.quantity)) for leg in state.steps] == [
        ("martingale/1/1", "147.75", "1.353"),
        ("martingale/1/2", "145.05", "2.757"),
        ("martingale/1/3", "141.81", "5.641"),
    ]
    seen = [(state.position.average_cost, target_price(state.priced, config, traded))]
    for key, price, quantity, fee in (
        ("martingale/1/1", "147.75", "1.353", "0.03998115"),
        ("martingale/1/2", "145.05", "2.757", "0.07998057"),
        ("martingale/1/3", "141.81", "5.641", "0.159990042"),
    ):
        state = absorbed(state, fill(key, Side.BUY, price, quantity, fee), config, traded)
        seen.append((state.position.average_cost, target_price(state.priced, config, traded)))
    assert seen == [
        (Decimal("150.075"), Decimal("151.58")),
        (Decimal("299.89568115") / Decimal("2.019"), Decimal("150.03")),
        (Decimal("699.87851172") / Decimal("4.776"), Decimal("148.01")),
        (Decimal("1499.988711762") / Decimal("10.417"), Decimal("145.44")),
    ]
    assert exit_quantity(state, config, traded) == Decimal("10.417")
    sold = fill("martingale/1/tp", Side.SELL, "145.44", "10.417", "0.303009696", ts=7)
    state = absorbed(state, sold, config, traded)
    assert state.position.quantity == 0
    assert (state.cycles_won, state.cycles_lost) == (1, 0)
    assert state.cycle_profit == Decimal("14.756758542")
    assert (state.steps_used, state.max_steps_used) == (3, 3)
    assert state.legs == ()


def test_a_short_ladder_by_hand() -> None:
    """The same upwards: what a short has got is its average cost, less its fees.

    base    0.666 × 150 = 99.9, fee 0.04995: got 99.85005; ÷ 0.666 = 149.925
            × 0.99 = 148.42575 → take profit 148.42
    step 1  200 ÷ 152.25 → 1.313; × 152.25 = 199.90425, fee 0.03998085: 299.71431915 ÷ 1.979
            = 151.4473568…, × 0.99 = 149.9328… → 149.93
    step 2  400 ÷ 154.95 → 2.581; × 154.95 = 399.92595, fee 0.07998519: 699.56028396 ÷ 4.56
            = 153.4123429…, × 0.99 = 151.8782… → 151.87
    step 3  800 ÷ 158.19 → 5.057; × 158.19 = 799.96683, fee 0.159993366: 1499.367120594 ÷ 9.617
            = 155.9079879…, × 0.99 = 154.3489… → 154.34
    exit    9.617 × 154.34 = 1484.28778, fee 0.296857556
            1499.367120594 − 1484.28778 − 0.296857556 = 14.782483038
    """
    config, traded = config_of(side=MartingaleSide.SHORT), sol()
    state = opened_at("150", config, traded, fee="0.04995")
    seen = [(state.position.average_cost, target_price(state.priced, config, traded))]
    for key, price, quantity, fee in (
        ("martingale/1/1", "152.25", "1.313", "0.03998085"),
        ("martingale/1/2", "154.95", "2.581", "0.07998519"),
        ("martingale/1/3", "158.19", "5.057", "0.159993366"),
    ):
        wanted = next(leg for leg in state.steps if leg.key == key)
        assert (str(wanted.price), str(wanted.quantity)) == (price, quantity)
        state = absorbed(state, fill(key, Side.SELL, price, quantity, fee), config, traded)
        seen.append((state.position.average_cost, target_price(state.priced, config, traded)))
    assert seen == [
        (Decimal("149.925"), Decimal("148.42")),
        (Decimal("299.71431915") / Decimal("1.979"), Decimal("149.93")),
        (Decimal("699.56028396") / Decimal("4.56"), Decimal("151.87")),
        (Decimal("1499.367120594") / Decimal("9.617"), Decimal("154.34")),
    ]
    bought = fill("martingale/1/tp", Side.BUY, "154.34", "9.617", "0.296857556")
    state = absorbed(state, bought, config, traded)
    assert (state.position.quantity, state.cycle_profit) == (0, Decimal("14.782483038"))


def test_a_take_profit_that_falls_on_a_tick_stays_there_also_when_a_part_has_filled() -> None:
    """(1.01 × 100 + 0.01) ÷ 1.01 × 1.01 = 101.01 exactly.

    0.6 of it sold takes a cost with it that is rounded to 1e-12, so what is left has an average
    cost a trace higher: no reason to ask for 101.02.
    """
    config, traded = config_of(base_quote=Decimal(101)), sol()
    state = opened_at("100", config, traded, fee="0.01")
    assert target_price(state.priced, config, traded) == Decimal("101.01")
    part = fill("martingale/1/tp", Side.SELL, "101.01", "0.6", "0.01")
    state = absorbed(state, part, config, traded)
    assert target_price(state.position, config, traded) == Decimal("101.02")
    assert target_price(state.priced, config, traded) == Decimal("101.01")
    assert exit_quantity(state, config, traded) == Decimal("0.41")


def test_an_order_that_ended_with_a_part_filled_goes_on_under_the_next_part() -> None:
    config, traded = config_of(), sol()
    state = opened_at("150", config, traded)
    part = fill("martingale/1/1", Side.BUY, "147.75", "0.5")
    state = absorbed(state, part, config, traded)
    alive = next_parts(state, traded, {"martingale/1/1"}, Decimal(148))
    assert (alive.steps[0].key, alive.steps[0].wanted) == ("martingale/1/1", Decimal("1.353"))
    ended = next_parts(state, traded, NONE, Decimal(148))
    assert (ended.steps[0].key, ended.steps[0].wanted) == ("martingale/1/1/p2", Decimal("0.853"))
    more = absorbed(ended, fill("martingale/1/1/p2", Side.BUY, "147.75", "0.853"), config, traded)
    assert more.steps[0].is_done
    assert [leg.name for leg in newly_done(ended, more)] == ["1"]


def test_a_late_fill_of_an_ended_part_makes_the_next_part_smaller() -> None:
    config, traded = config_of(), sol()
    state = opened_at("150", config, traded)
    state = absorbed(state, fill("martingale/1/1", Side.BUY, "147.75", "0.5"), config, traded)
    state = next_parts(state, traded, NONE, Decimal(148))
    late = fill("martingale/1/1", Side.BUY, "147.75", "0.1", ts=1)
    state = absorbed(state, late, config, traded)
    assert state.steps[0].wanted == Decimal("0.753")


def test_a_rest_under_the_minimum_is_given_up_and_the_step_counts_as_done() -> None:
    config, traded = config_of(), sol()
    state = opened_at("150", config, traded)
    part = fill("martingale/1/1", Side.BUY, "147.75", "1.3")
    state = absorbed(state, part, config, traded)
    ended = next_parts(state, traded, NONE, Decimal(148))
    assert ended.steps[0].is_done
    assert [leg.name for leg in newly_done(state, ended)] == ["1"]


def test_the_take_profit_goes_on_in_parts_for_whatever_is_held() -> None:
    config, traded = config_of(), sol()
    state = opened_at("150", config, traded)
    part = fill("martingale/1/tp", Side.SELL, "151.58", "0.2")
    state = next_parts(absorbed(state, part, config, traded), traded, NONE, Decimal(150))
    assert state.exit.key == "martingale/1/tp/p2"
    assert (state.exit.part_filled, exit_quantity(state, config, traded)) == (0, Decimal("0.466"))


def test_a_take_profit_that_filled_whole_while_the_position_grew_goes_on_as_part_two() -> None:
    config, traded = config_of(), sol()
    state = opened_at("150", config, traded)
    grown = absorbed(state, fill("martingale/1/1", Side.BUY, "147.75", "1.353"), config, traded)
    raced = absorbed(grown, fill("martingale/1/tp", Side.SELL, "151.58", "0.666"), config, traded)
    assert raced.base is not None
    state = next_parts(raced, traded, NONE, Decimal(150))
    assert state.exit.key == "martingale/1/tp/p2"
    assert exit_quantity(state, config, traded) == Decimal("1.353")


def test_on_spot_a_rest_too_small_to_sell_ends_the_cycle_and_is_carried() -> None:
    config, traded = config_of("SOL/USDC"), sol("SOL/USDC")
    state = opened_at("150", config, traded)
    sold = fill("martingale/1/tp", Side.SELL, "151.5", "0.64")
    state = absorbed(state, sold, config, traded)
    assert not is_stuck(state, config, traded, {"martingale/1/tp"})
    assert exit_quantity(state, config, traded) == Decimal("0.026")
    state = next_parts(state, traded, NONE, Decimal(150))
    assert is_stuck(state, config, traded, NONE)
    assert exit_quantity(state, config, traded) == 0
    after = begun(closed(state, 0), config, traded, Decimal(150), CASH)
    assert (after.cycle, after.exit.key) == (2, "martingale/2/tp")
    bought = fill("martingale/2/base", Side.BUY, "150", "0.666")
    assert exit_quantity(absorbed(after, bought, config, traded), config, traded) == Decimal(
        "0.692"
    )


def test_fees_in_the_coin_leave_less_to_sell_and_the_rest_is_dust() -> None:
    """0.666 bought, 0.0005 of it kept as the fee: 0.665667 held, of which 0.665 can be sold."""
    config, traded = config_of("SOL/USDC"), sol("SOL/USDC")
    state = begun(MartingaleState(), config, traded, Decimal(150), CASH)
    done = fill("martingale/1/base", Side.BUY, "150", "0.666", "0.000333", asset="SOL")
    state = absorbed(state, done, config, traded)
    assert state.position.quantity == Decimal("0.665667")
    assert exit_quantity(state, config, traded) == Decimal("0.665")
    assert state.position.average_cost == Decimal("99.9") / Decimal("0.665667")
    sold = fill("martingale/1/tp", Side.SELL, "152", "0.665", "0.02")
    state = absorbed(state, sold, config, traded)
    assert (state.base, state.cycles_won) == (None, 1)
    assert state.position.quantity == Decimal("0.000667")


def test_the_position_is_the_books_own_to_the_last_digit() -> None:
    config, traded = config_of("SOL/USDC"), sol("SOL/USDC")
    state, books = opened_at("150", config, traded, "0.04995"), opened(CASH)
    books = entered(books, fill("x", Side.BUY, "150", "0.666", "0.04995"), traded)
    for happened in (
        fill("martingale/1/1", Side.BUY, "147.75", "1.353", "0.000271", asset="SOL"),
        fill("martingale/1/tp", Side.SELL, "150.03", "0.7", "0.021"),
        fill("martingale/1/2", Side.BUY, "145.05", "2.757", "0.08"),
        fill("martingale/1/tp/p2", Side.SELL, "148.01", "4.075", "0.12"),
    ):
        state = absorbed(state, happened, config, traded)
        books = entered(books, happened, traded)
        assert state.position == books.position("SOL/USDC:USDC")
    settled = books.realized_pnl - books.fees + state.position.entry_fees
    assert state.cycle_profit + state.result == settled


@pytest.mark.parametrize(
    ("first", "given", "direction"),
    [
        ("150", None, TriggerDirection.BELOW),
        ("139", None, TriggerDirection.ABOVE),
        ("150", TriggerDirection.ABOVE, TriggerDirection.ABOVE),
    ],
)
def test_the_trigger_is_waited_for_on_the_side_away_from_the_first_price(
    first: str, given: TriggerDirection | None, direction: TriggerDirection
) -> None:
    config = config_of(trigger_price=Decimal(140), trigger_direction=given)
    state = with_trigger(MartingaleState(), config, Decimal(first))
    assert state.trigger_direction is direction
    assert with_trigger(state, config, Decimal(1)).trigger_direction is direction
    assert is_triggered(state, config, Decimal(140))
    above = direction is TriggerDirection.ABOVE
    assert is_triggered(state, config, Decimal("140.01")) is above
    assert is_triggered(state, config, Decimal("139.99")) is not above


def test_a_base_order_that_waits_is_sized_at_the_newest_price_and_one_that_left_is_not() -> None:
    config, traded = config_of(), sol()
    state = begun(MartingaleState(), config, traded, Decimal(150), CASH)
    waiting = refreshed_base(state, config, traded, Decimal(100), CASH, NONE)
    sent = refreshed_base(state, config, traded, Decimal(100), CASH, {"martingale/1/base"})
    assert (waiting.base.quantity, sent.base.quantity) == (Decimal(1), Decimal("0.666"))


def test_a_limit_base_order_follows_the_price_once_it_is_a_step_away() -> None:
    config, traded = config_of(order_type=OrderType.LIMIT), sol()
    state = begun(MartingaleState(), config, traded, Decimal(100), CASH)
    live = {"martingale/1/base"}
    near = refreshed_base(state, config, traded, Decimal("101.49"), CASH, live)
    away = refreshed_base(state, config, traded, Decimal("101.5"), CASH, live)
    assert (near.base.price, near.base.quantity) == (Decimal(100), Decimal(1))
    assert (away.base.price, away.base.quantity) == (Decimal("101.50"), Decimal("0.985"))


def test_a_position_of_the_other_side_or_without_capital_left_is_exited_before_a_new_cycle() -> (
    None
):
    config, traded = config_of(), sol()
    held = opened_at("150", config, traded)
    kept = msgspec.structs.replace(held, base=None, entry_price=None, steps=())
    short = config_of(side=MartingaleSide.SHORT)
    assert begun(kept, short, traded, Decimal(150), CASH).base is None
    full = absorbed(kept, fill("x", Side.BUY, "150", "9.34"), config, traded)
    assert begun(full, config, traded, Decimal(150), CASH).base is None
    again = begun(kept, config, traded, Decimal(150), CASH)
    assert (again.cycle, again.exit.key) == (2, "martingale/1/tp")
