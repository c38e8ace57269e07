"""A grid's cycles: its round trips with their results and times."""

from decimal import Decimal

import msgspec

from nimbus_tui.accounting.cycles import Cycle
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import Side
from nimbus_tui.strategies.grid_decisions import GridState, Lot, absorb_fill, round_trip
from nimbus_tui.strategies.grid_levels import GridConfig
from tests.simulation.worlds import World, instrument

SYMBOL = "ETH/USDC:USDC"
CONFIG = GridConfig(symbol=SYMBOL, levels=3, spacing=Decimal("0.5"), quote_size=Decimal(100))


def fill(
    side: Side, price: str, quantity: str, ts: int, fee: str = "0", asset: str = "USDC"
) -> Fill:
    return Fill(
        exchange="sim",
        trade_id=str(ts),
        client_order_id="c",
        symbol=SYMBOL,
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=Decimal(fee),
        fee_asset=asset,
        maker=True,
        ts=ts,
    )


def lived(*fills: Fill) -> tuple[GridState, list[Cycle]]:
    state, cycles = GridState(), []
    for one in fills:
        before = state
        state = absorb_fill(before, one, CONFIG, instrument())
        closed = round_trip(before, state, one)
        if closed is not None:
            cycles.append(closed)
    return state, cycles


def test_an_entry_is_no_cycle_and_its_exit_is_one() -> None:
    entry, exit_ = fill(Side.BUY, "100", "1", 5, "0.1"), fill(Side.SELL, "102", "1", 9, "0.2")
    assert lived(entry)[1] == []
    assert lived(entry, exit_)[1] == [Cycle(SYMBOL, 5, 9, Decimal("1.7"))]


def test_an_exit_of_a_part_is_a_cycle_of_its_own_with_a_part_of_the_entrys_fee() -> None:
    state, cycles = lived(
        fill(Side.BUY, "100", "1", 5, "0.4"),
        fill(Side.SELL, "102", "0.25", 7),
        fill(Side.SELL, "102", "0.75", 9),
    )
    assert cycles == [Cycle(SYMBOL, 5, 7, Decimal("0.4")), Cycle(SYMBOL, 5, 9, Decimal("1.2"))]
    assert state.lots == ()
    assert state.grid_profit == Decimal("1.6")


def test_an_exit_over_several_entries_is_one_cycle_since_the_earliest_of_them() -> None:
    state, cycles = lived(
        fill(Side.SELL, "110", "1", 3),
        fill(Side.SELL, "120", "1", 4),
        fill(Side.SELL, "130", "1", 5),
        fill(Side.BUY, "100", "1.5", 9),
    )
    # The newest first: 30, and half of 20.
    assert cycles == [Cycle(SYMBOL, 4, 9, Decimal(40))]
    assert state.lots == (
        Lot(Decimal(-1), Decimal(110), Decimal(0), 3),
        Lot(Decimal("-0.5"), Decimal(120), Decimal(0), 4),
    )


def test_a_fee_in_a_third_asset_costs_what_it_was_worth() -> None:
    bought = fill(Side.BUY, "100", "1", 5, "0.001", "BNB")
    sold = fill(Side.SELL, "102", "1", 9, "0.001", "BNB")
    bought = msgspec.structs.replace(bought, fee_quote=Decimal("0.6"))
    assert lived(bought, msgspec.structs.replace(sold, fee_quote=Decimal("0.5")))[1] == [
        Cycle(SYMBOL, 5, 9, Decimal("0.9"))
    ]
    assert lived(bought, sold)[1] == [Cycle(SYMBOL, 5, 9, Decimal("1.4"))]


def test_what_a_failed_absorption_has_closed_is_not_counted() -> None:
    strategy = World().strategy
    strategy.close_cycle(Cycle(SYMBOL, 1, 2, Decimal(1)))
    strategy.initialize(None)
    assert strategy.take_cycles() == []
    strategy.close_cycle(Cycle(SYMBOL, 1, 2, Decimal(1)))
    assert len(strategy.take_cycles()) == 1
    assert strategy.take_cycles() == []
