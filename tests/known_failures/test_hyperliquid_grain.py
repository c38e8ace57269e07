"""Prices and sizes of Hyperliquid: what our rounding gives, the venue takes, on every listing."""

import ast
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.order import OrderRequest, Refused, Side
from nimbus_tui.exchanges import hyperliquid
from nimbus_tui.exchanges.hyperliquid.instruments import Listing, universe
from nimbus_tui.exchanges.hyperliquid.orders import WorstPrices, order_action
from nimbus_tui.exchanges.hyperliquid.wire_info import Meta, SpotMeta
from nimbus_tui.simulation.clock import SimulatedClock
from tests.exchanges.hyperliquid import recorded
from tests.exchanges.hyperliquid.opened import our
from tests.exchanges.hyperliquid.server.actions import OrderAction, read_action
from tests.exchanges.hyperliquid.server.checks import MIN_NOTIONAL, payload_refusal
from tests.exchanges.hyperliquid.server.grain import has_too_many_figures
from tests.exchanges.hyperliquid.server.universe import (
    Universe,
    _perp,
    _token,
    recorded_or_small,
    small,
)
from tests.exchanges.hyperliquid.server.world import VenueTime, World

WORST = WorstPrices(market=Decimal("0.05"), stop=Decimal("0.1"))
PACKAGE = Path(hyperliquid.__file__).parent


def shapes() -> Universe:
    """A perpetual and a spot pair of every grain that there can be."""
    perps = [_perp(f"P{decimals}", decimals, 10) for decimals in range(7)]
    tokens = [_token("USDC", 0, 8), *(_token(f"T{n}", n + 1, n) for n in range(9))]
    pairs = [
        {"tokens": [n + 1, 0], "name": f"@{n}", "index": n, "isCanonical": False} for n in range(9)
    ]
    meta = {"universe": perps, "marginTables": [], "collateralToken": 0}
    prices = {one["name"]: Decimal(100_000) for one in (*perps, *pairs)}
    return Universe(meta, {"universe": pairs, "tokens": tokens}, prices)


LISTS = {"small": small, "every shape": shapes, "recorded": recorded_or_small}


@cache
def listed(name: str) -> tuple[World, tuple[Listing, ...]]:
    """The venue with a list, and what we make of the same list."""
    told = LISTS[name]()
    world = World(told, VenueTime(SimulatedClock(1_750_000_000 * NS_PER_SECOND)))
    known = universe(msgspec.convert(told.meta, Meta), msgspec.convert(told.spot_meta, SpotMeta))
    found = (known.listing(one.symbol) for one in known.instruments)
    return world, tuple(one for one in found if one is not None)


def venue_problem(world: World, action: Any) -> str | None:
    """Why the venue would refuse an action, by its own rules; they are written apart from ours."""
    read = read_action(msgspec.json.decode(msgspec.json.encode(action)))
    assert isinstance(read, OrderAction)
    (wire,) = read.orders
    found = payload_refusal(world, wire)
    if found is not None:
        return found.words
    prices = [wire.p]
    if wire.t.trigger is not msgspec.UNSET:
        prices.append(wire.t.trigger.triggerPx)
    if any(has_too_many_figures(Decimal(price)) for price in prices):
        return "figures"
    return "notional" if Decimal(wire.p) * Decimal(wire.s) < MIN_NOTIONAL else None


PRICES = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(1, 10**9),
    st.integers(-10, -1),
)
NOTIONALS = st.integers(11, 10**7).map(Decimal)


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=300, deadline=None, database=None)
@given(price=PRICES, notional=NOTIONALS, side=st.sampled_from(Side))
def test_f20_what_is_rounded_is_taken_by_the_venue_on_every_listing(
    name: str, price: Decimal, notional: Decimal, side: Side
) -> None:
    world, listings = listed(name)
    for listing in listings:
        instrument = listing.instrument
        rounded = instrument.round_price(price, side)
        lots = instrument.round_quantity(notional / price)
        if not rounded or not lots or lots * rounded < MIN_NOTIONAL:
            continue
        request = OrderRequest(
            client_order_id=our(1),
            symbol=instrument.symbol,
            side=side,
            quantity=lots,
            price=rounded,
        )
        action = order_action(request, listing, WORST)
        assert not isinstance(action, Refused), (action, listing)
        assert venue_problem(world, action) is None, (listing.coin, rounded, lots)
        assert abs(rounded - price) < instrument.tick_at(rounded)


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=300, deadline=None, database=None)
@given(price=PRICES, notional=NOTIONALS, side=st.sampled_from(Side))
def test_f20_what_we_let_through_unrounded_the_venue_takes_too(
    name: str, price: Decimal, notional: Decimal, side: Side
) -> None:
    """A price or size off the grain doesn't leave, and whatever leaves is taken."""
    world, listings = listed(name)
    for listing in listings:
        short = price.quantize(Decimal(1).scaleb(max(-8, price.adjusted() - 4)))
        finest = price - price % listing.instrument.tick_size
        for tried in (price, short, finest):
            request = OrderRequest(
                client_order_id=our(1),
                symbol=listing.instrument.symbol,
                side=side,
                quantity=listing.instrument.round_quantity(notional / price),
                price=tried,
            )
            action = order_action(request, listing, WORST)
            if not isinstance(action, Refused):
                assert venue_problem(world, action) is None, (listing.coin, tried)


@pytest.mark.skipif(not recorded.INFO.exists(), reason=recorded.ABSENT)
def test_f20_the_recorded_list_is_whole() -> None:
    world, listings = listed("recorded")
    offered = [one for one in world.universe.markets.values() if not one.delisted and not one.spot]
    assert len(offered) > 20
    assert {one.coin for one in offered} <= {one.coin for one in listings}


TIMES = ("_S", "_s", "_ms", "seconds", "_within_s", "_after_s", "_used", "share", "_stamped")
"""Endings of names that may be floats: times and shares of a budget, never prices or sizes."""


def floats_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every float literal and mention of `float`, but for those of times and shares."""
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
        if not (is_float or (isinstance(node, ast.Name) and node.id == "float")):
            continue
        if not any(name.endswith(TIMES) for name in _names_around(node)):
            yield node.lineno, ast.unparse(node)  # type: ignore[attr-defined]


def _names_around(node: ast.AST) -> Iterator[str]:
    """Whom a number is for: the targets, parameters and functions around it."""
    while (parent := getattr(node, "parent", None)) is not None:
        match parent:
            case ast.arg(arg=name) | ast.keyword(arg=str(name)) | ast.FunctionDef(name=name):
                yield name
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Return():
                yield from _targets(parent)
            case _:
                pass
        if isinstance(parent, ast.FunctionDef | ast.ClassDef):
            return
        node = parent


def _targets(node: ast.AST) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            yield child.id
        elif isinstance(child, ast.Attribute):
            yield child.attr


@pytest.mark.parametrize("file", sorted(PACKAGE.glob("*.py")), ids=lambda file: file.name)
def test_f20_no_price_or_size_is_ever_a_float(file: Path) -> None:
    assert list(floats_of(ast.parse(file.read_text(encoding="utf-8")))) == []


def test_f20_a_float_would_be_seen() -> None:
    bad = "price = 0.1\ndef f(price: float) -> Decimal:\n    return round(float(price), 2)\n"
    assert [line for line, _ in floats_of(ast.parse(bad))] == [1, 2, 3]
