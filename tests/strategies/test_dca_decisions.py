"""The decisions themselves, without an engine: the worked example, and what is hard to reach."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.core.panels import SlotState
from nimbus_tui.strategies.dca_config import DcaConfig
from nimbus_tui.strategies.dca_decisions import MOST_AT_ONCE, advanced, wake, wish
from nimbus_tui.strategies.dca_orders import Moment, limit_price
from nimbus_tui.strategies.dca_state import PAST_KEPT, DcaState, absorb_fill, at_rest, part_ended
from tests.simulation.dca_worlds import DAY, HOUR, MINUTE, NINE, SECOND, coin, config_of

COIN = coin()


def at(now: int, price: str = "40000", **changes: Any) -> Moment:
    plain: dict[str, Any] = {
        "now": now,
        "price": Decimal(price),
        "resting": False,
        "held": Decimal(0),
        "cash": Decimal(1_000_000),
        "listening_since": NINE,
    }
    return Moment(**(plain | changes))


def fill_of(key: str, quantity: str | Decimal, price: str = "40000", side: Side = Side.BUY) -> Fill:
    return Fill(
        exchange="sim",
        trade_id=f"{key}/{quantity}",
        client_order_id="id",
        symbol="BTC/USDC",
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=Decimal(0),
        fee_asset="USDC",
        maker=False,
        ts=NINE,
        key=key,
    )


def lived(config: DcaConfig, moments: Iterable[Moment], *, fills: bool = True) -> DcaState:
    """A bot that looks at some moments; its orders fill whole at once, or not at all."""
    state = DcaState()
    for moment in moments:
        state = advanced(state, config, COIN, moment)
        wanted = wish(state, config)
        if fills and wanted is not None:
            fill = fill_of(wanted.key, wanted.quantity, f"{moment.price}")
            state = absorb_fill(state, fill, COIN)
    return state


def test_the_table_of_the_specification() -> None:
    prices = ("40000", "41000", "38000")
    state = lived(config_of(), [at(NINE + n * DAY, price) for n, price in enumerate(prices)])
    table = [
        (
            f"{row.quantity:.8f}",
            f"{row.invested:.0f}",
            f"{row.mean_price:,.2f}",
            f"{row.average_cost:,.2f}",
        )
        for row in state.past
    ]
    assert table == [
        ("0.00125000", "50", "40,000.00", "40,000.00"),
        ("0.00121951", "100", "40,500.00", "40,493.83"),
        ("0.00131578", "150", "39,666.67", "39,626.96"),
    ]
    assert state.past[2].spent == Decimal("49.99964")
    assert f"{state.tally.invested:.5f}" == "149.99955"


def test_of_several_slots_that_fell_due_unseen_only_the_newest_is_traded() -> None:
    config = config_of(interval="1m", max_orders=99, missed="skip")
    state = lived(config, [at(NINE), at(NINE + 5 * MINUTE)])
    assert [(row.state.value, row.note) for row in state.past] == [
        ("done", ""),
        *[("skipped", "the next slot was due before it could be traded")] * 4,
        ("done", ""),
    ]


def test_no_order_is_replaced_while_the_old_one_may_rest() -> None:
    config = config_of(interval="1m")
    state = advanced(DcaState(), config, COIN, at(NINE))
    late = at(NINE + MINUTE, resting=True)
    state = advanced(state, config, COIN, late)
    assert wish(state, config) is None
    assert wake(state, config, late).settled
    gone = at(NINE + MINUTE + SECOND)
    state = advanced(state, config, COIN, gone)
    wanted = wish(state, config)
    assert wanted is not None
    assert wanted.key == "dca/2026-11-22T09:01Z"


def test_nothing_opens_while_an_order_of_a_past_slot_may_rest() -> None:
    config = config_of(interval="1m")
    state = at_rest(advanced(DcaState(), config, COIN, at(NINE)))
    fresh = msgspec.structs.replace(state, fresh=True)
    late = at(NINE + HOUR, resting=True)
    waiting = advanced(fresh, config, COIN, late)
    assert wish(waiting, config) is None
    assert wake(waiting, config, late).settled


def test_a_slot_whose_order_may_still_fill_is_not_pushed_out_by_those_missed_meanwhile() -> None:
    config = config_of(interval="1m", max_orders=9)
    state = at_rest(advanced(DcaState(), config, COIN, at(NINE)))
    state = msgspec.structs.replace(state, fresh=True)
    state = advanced(state, config, COIN, at(NINE + DAY, resting=True))
    state = absorb_fill(state, fill_of("dca/2026-11-22T09:00Z", "0.00125"), COIN)
    state = advanced(state, config, COIN, at(NINE + DAY))
    assert (state.tally.orders, state.tally.skipped, state.tally.missed) == (1, 0, 24 * 60 - 1)


def test_a_late_fill_of_an_earlier_part_takes_the_order_back_to_size_it_anew() -> None:
    config = config_of()
    state = advanced(DcaState(), config, COIN, at(NINE))
    first = "dca/2026-11-22T09:00Z"
    state = part_ended(absorb_fill(state, fill_of(first, "0.0005"), COIN), first)
    state = advanced(state, config, COIN, at(NINE + 1))
    wanted = wish(state, config)
    assert wanted is not None
    assert (wanted.key, wanted.quantity) == (f"{first}/p2", Decimal("0.00075"))
    state = absorb_fill(state, fill_of(first, "0.0001"), COIN)
    assert wish(state, config) is None
    state = advanced(state, config, COIN, at(NINE + 2))
    wanted = wish(state, config)
    assert wanted is not None
    assert (wanted.key, wanted.quantity) == (f"{first}/p2", Decimal("0.00065"))


def test_the_end_of_another_order_changes_nothing() -> None:
    state = advanced(DcaState(), config_of(), COIN, at(NINE))
    assert part_ended(state, "close/1") == state


def test_a_fill_of_a_slot_that_nobody_remembers_still_counts_in_the_sums() -> None:
    state = absorb_fill(DcaState(), fill_of("dca/2020-01-01T00:00Z", "0.001"), COIN)
    assert (state.tally.invested, state.tally.orders) == (40, 0)


def test_the_sums_go_on_when_the_oldest_slots_are_no_longer_kept() -> None:
    config = config_of(interval="1m", max_orders=1000)
    state = lived(config, [at(NINE + n * MINUTE) for n in range(PAST_KEPT + 50)])
    assert len(state.past) == PAST_KEPT
    assert state.tally.orders == PAST_KEPT + 50
    assert state.tally.invested == 50 * (PAST_KEPT + 50)


def test_a_long_way_to_catch_up_is_gone_in_stages_and_none_is_lost() -> None:
    config = config_of(interval="1m", max_orders=9999, missed="catch_up", price_floor="39000")
    slots = MOST_AT_ONCE + 100
    state = lived(config, [at(NINE)])
    below = at(NINE + slots * MINUTE, "38000", listening_since=NINE + slots * MINUTE)
    state = advanced(state, config, COIN, below)
    assert state.tally.skipped == MOST_AT_ONCE
    assert wake(state, config, below).at == below.now + 1
    state = advanced(state, config, COIN, below)
    assert state.tally.skipped == slots
    assert wake(state, config, below).at == below.now + MINUTE


@pytest.mark.parametrize(
    ("minutes", "resting", "next_look"),
    [(0, False, 10), (5, True, 10), (10, True, 20), (25, True, 30), (30, False, 24 * 60)],
)
def test_a_limit_wants_to_be_looked_at_when_it_moves_and_when_it_gives_up(
    minutes: int, resting: bool, next_look: int
) -> None:
    config = config_of(order_type="limit", reprice_after="10m", fallback_after="30m")
    state = advanced(DcaState(), config, COIN, at(NINE))
    moment = at(NINE + minutes * MINUTE, resting=resting)
    state = advanced(state, config, COIN, moment)
    assert wake(state, config, moment).at == NINE + next_look * MINUTE


def test_a_limit_that_would_not_move_stays_and_is_looked_at_again() -> None:
    config = config_of(order_type="limit", reprice_after="10m", offset_percent="1")
    state = advanced(DcaState(), config, COIN, at(NINE))
    moment = at(NINE + 10 * MINUTE, resting=True)
    state = advanced(state, config, COIN, moment)
    wanted = wish(state, config)
    assert wanted is not None
    assert wanted.price == 39600
    assert wake(state, config, moment).at == NINE + 20 * MINUTE


def test_after_the_fallback_it_is_a_market_order_for_the_rest() -> None:
    config = config_of(order_type="limit", fallback_after="30m", offset_percent="1")
    state = advanced(DcaState(), config, COIN, at(NINE))
    state = advanced(state, config, COIN, at(NINE + 30 * MINUTE, resting=True))
    assert wish(state, config) is None
    state = advanced(state, config, COIN, at(NINE + 30 * MINUTE))
    wanted = wish(state, config)
    assert wanted is not None
    assert (wanted.type, wanted.price, wanted.quantity) == (
        OrderType.MARKET,
        None,
        Decimal("0.00125"),
    )


@pytest.mark.parametrize(
    ("side", "price", "limit"), [("buy", "40000.05", "39800.0"), ("sell", "40000.05", "40200.1")]
)
def test_a_limit_is_rounded_to_the_tick_buys_down_and_sells_up(
    side: str, price: str, limit: str
) -> None:
    config = config_of(side=side, order_type="limit", offset_percent="0.5")
    assert limit_price(config, COIN, Decimal(price)) == Decimal(limit)


def test_a_limit_that_leaves_no_price_is_skipped() -> None:
    config = config_of(order_type="limit", offset_percent="99.99")
    state = advanced(DcaState(), config, COIN, at(NINE, "1"))
    assert state.past[0].note == "99.99 % below 1 leaves no price"


def test_a_closing_fill_lowers_the_position_but_is_no_order() -> None:
    state = lived(config_of(), [at(NINE)])
    state = absorb_fill(state, fill_of("close/1", "0.00125", "44000", Side.SELL), COIN)
    assert (state.tally.orders, state.tally.position.quantity) == (1, 0)
    assert absorb_fill(state, fill_of("close/2", "1", side=Side.SELL), COIN) == state


def test_where_limits_are_reached_a_slot_held_back_by_a_pause_is_missed() -> None:
    config = config_of(interval="1m", max_orders=1)
    state = lived(config, [at(NINE)])
    held = msgspec.structs.replace(state, late=NINE + MINUTE, last_due=NINE + MINUTE)
    done = advanced(held, config, COIN, at(NINE + 2 * MINUTE))
    assert (done.late, done.finished, done.past[-1].state) == (None, True, SlotState.MISSED)
    assert done.past[-1].note == "the bot was done by then"
    assert wake(done, config, at(NINE + 2 * MINUTE)).at is None
