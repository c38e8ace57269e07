"""Every kind of grid on any path: sums agree, nothing is refused, no side is overstepped."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.order import OrderState
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.strategies.grid_levels import GridMode, GridSide, InitialInventory, Recenter
from tests.simulation.worlds import World, instrument

RANGE = {"spacing": None, "lower": Decimal(2300), "upper": Decimal(2500), "levels": 9}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "neutral": ("ETH/USDC:USDC", {}),
    "geometric": ("ETH/USDC:USDC", {"mode": GridMode.GEOMETRIC}),
    "taking": ("ETH/USDC:USDC", {"post_only": False}),
    "scaled": ("ETH/USDC:USDC", {"size_scale": Decimal("1.5")}),
    "cooling": ("ETH/USDC:USDC", {"recenter_cooldown": Decimal(5)}),
    "rising": ("ETH/USDC:USDC", {"recenter": Recenter.UP}),
    "long": ("ETH/USDC:USDC", {"side": GridSide.LONG}),
    "short": ("ETH/USDC:USDC", {"side": GridSide.SHORT}),
    "spot": ("ETH/USDC", {}),
    "spot without inventory": ("ETH/USDC", {"initial_inventory": InitialInventory.NONE}),
    "spot reinvesting": ("ETH/USDC", {"reinvest": Decimal(1), "quote_size": Decimal(500)}),
    "range": ("ETH/USDC:USDC", RANGE),
    "range on spot": ("ETH/USDC", RANGE),
    "geometric range, short": (
        "ETH/USDC:USDC",
        RANGE | {"mode": GridMode.GEOMETRIC, "side": GridSide.SHORT},
    ),
    "triggered": ("ETH/USDC", {"trigger_price": Decimal(2390)}),
}
VENUES = {
    "whole": PaperSettings(),
    "in parts": PaperSettings(partial_fills=True),
    "fee in coins": PaperSettings(fee_in_base=True, partial_fills=True),
    "slow": PaperSettings(latency_ms=1500),
}
MOVES = st.lists(
    st.tuples(st.integers(-1500, 1500), st.sampled_from(["0.003", "0.02", "0.1", "5"])),
    min_size=5,
    max_size=30,
)


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None)
@given(moves=MOVES)
def test_any_grid_on_any_path(kind: str, venue: str, moves: list[tuple[int, str]]) -> None:
    asyncio.run(play(kind, venue, moves))


async def play(kind: str, venue: str, moves: list[tuple[int, str]]) -> None:
    symbol, parameters = KINDS[kind]
    traded = instrument(symbol, min_notional=Decimal(5))
    balances = {"USDC": Decimal(100_000)}
    world = World(traded, balances=balances, venue=VENUES[venue], **parameters)
    await world.start("2400")
    price = Decimal(2400)
    for move, size in moves:
        price = max(Decimal(1500), price + Decimal(move) / 50)
        await world.tick(f"{price:f}", size=size)
        check_side(kind, world)
    await world.tick(*[f"{price:f}"] * 6)
    check_sums(world, price)
    check_orders(kind, world)
    await world.engine.stop()


def check_side(kind: str, world: World) -> None:
    held = world.bot.position(world.instrument.symbol)
    if kind == "long" or "spot" in kind or kind == "triggered":
        assert held >= 0
    if "short" in kind:
        assert held <= 0


def check_sums(world: World, price: Decimal) -> None:
    fills, books = world.fills(), world.bot.books
    fees = {f.trade_id: f.fee for f in fills if f.fee_asset == world.instrument.base}
    held = sum((f.signed_quantity - fees.get(f.trade_id, 0) for f in fills), Decimal(0))
    assert held == world.bot.position(world.instrument.symbol)
    assert books.equity(world.bot.marks()) == books.cash + held * price
    state = world.strategy.state
    lots = sum((lot.quantity for lot in state.lots), Decimal(0))
    assert lots == state.inventory
    filled: dict[str, Decimal] = {}
    for fill in fills:
        filled[fill.key] = filled.get(fill.key, Decimal(0)) + fill.quantity
    wanted = {order.key: order.quantity for order in world.engine.journal.orders(limit=-1)[::-1]}
    assert all(total <= wanted[key] for key, total in filled.items())


def check_orders(kind: str, world: World) -> None:
    journal = world.engine.journal
    assert not journal.events(types=["error"])
    refused = [o for o in journal.orders(limit=-1) if o.state is OrderState.REJECTED]
    assert [o.reason for o in refused if "would take" not in o.reason] == []
    assert world.bot.standing.risk_reason == ""
    wishes = {wish.key for wish in world.bot.reviewed.orders}
    assert set(world.bot.keeper.live) == wishes


async def test_a_sell_waits_for_the_coins_of_one_that_is_being_cancelled() -> None:
    steps = (-1137, 0, -110, 1499, 74, 220, 120, 0, 1173, 34, -604)
    await play("triggered", "slow", [(step, "0.003") for step in steps])
