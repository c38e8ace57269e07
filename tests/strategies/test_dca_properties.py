"""Whatever happens to the engine: no slot trades twice, and the sums are those of the fills."""

import asyncio
from collections import defaultdict
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.control.commands import PauseBot, ResumeBot, StartBot, StopBot
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from tests.simulation.dca_worlds import MINUTE, NINE, SECOND, DcaWorld, coin

COMMANDS = {"pause": PauseBot, "resume": ResumeBot, "stop": StopBot, "start": StartBot}
LIMIT = {"order_type": "limit", "offset_percent": "0.3"}
PATIENT = {"reprice_after": "1m", "fallback_after": "3m"}
EDITS: list[dict[str, Any]] = [
    {"interval": "5m"},
    {"interval": "7m"},
    {"interval": "*/3 * * * *"},
    {"start_at": "2026-11-22T08:58:30Z"},
    {"start_at": None},
    {"order_quote": "120"},
    {"max_orders": 40},
    {"missed": "skip"},
    {"missed": "buy_once"},
    {"missed": "catch_up"},
    {"order_type": "market", "offset_percent": "0", "reprice_after": None, "fallback_after": None},
    LIMIT,
    LIMIT | PATIENT,
    {"price_floor": "39500"},
    {"dip_scale": [["-0.5", "1.5"], ["-1", "3"]]},
]

SECONDS = [0, 1, 10, 59, 60, 150, 301, 900]
SIZES = ["0", "0", "0.0004", "0.001"]
OUT = [("pause", "resume"), ("stop", "start"), ("pause", "stop", "start"), ("pause",), ("stop",)]
Step = tuple[Any, ...]


def steps_of(seed: int, count: int) -> list[Step]:
    """A life with its accidents: mostly prices, sometimes an end, a pause, a stop or an edit."""
    chance = Random(seed)
    steps: list[Step] = []
    for _ in range(count):
        dice = chance.random()
        if dice < 0.7:
            seconds, move = chance.choice(SECONDS), chance.randint(-200, 200)
            steps.append(("tick", seconds, move, chance.choice(SIZES)))
        elif dice < 0.83:
            steps.append(("restart", chance.choice([0, 1, 60, 299, 1500]), chance.randint(0, 4)))
        elif dice < 0.93:
            for word in chance.choice(OUT):
                steps += [(word,), ("tick", chance.choice(SECONDS), 0, "0")]
        else:
            steps.append(("edit", chance.choice(EDITS)))
    return [*steps, ("resume",), ("start",)]


class History:
    """Plays steps on a world and knows what has been asked of it."""

    def __init__(self, world: DcaWorld) -> None:
        self.world = world
        self.price = Decimal(40000)
        self.most_orders = 12

    async def play(self, steps: list[Step]) -> None:
        await self.world.start(f"{self.price}")
        for step in steps:
            await self.happen(*step)
        for _ in range(4):
            await self.happen("tick", 1, 0, "0")

    async def happen(self, kind: str, *details: Any) -> None:
        world = self.world
        match kind, details:
            case "tick", (seconds, move, size):
                self.price = max(Decimal(30000), self.price + move)
                await world.tick_at(world.clock.now() + seconds * SECOND, f"{self.price}", size)
            case "restart", (seconds, steps):
                await world.restarted(world.clock.now() + seconds * SECOND, steps=steps)
            case "edit", (changes,):
                self.most_orders = max(self.most_orders, changes.get("max_orders", 0))
                await world.restarted(**changes)
            case _:
                await world.command(COMMANDS[kind]("dca"))


def check_orders(world: DcaWorld) -> None:
    """Each key has filled in one order at most, all parts of a slot stay within its intent."""
    orders = [o for o in world.engine.journal.orders(limit=-1) if o.key.startswith("dca/")]
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for fill in world.fills():
        filled[str(fill.client_order_id)] += fill.quantity
    assert {o.client_order_id: o.filled for o in orders if o.filled} == filled
    keys = [o.key for o in orders if o.filled]
    assert len(keys) == len(set(keys))
    parts: dict[str, list[Any]] = defaultdict(list)
    for order in orders:
        if order.filled:
            parts["/".join(order.key.split("/")[:2])].append(order)
    for slot, of_slot in parts.items():
        first = next(o for o in of_slot if o.key == slot)
        assert sum(o.filled for o in of_slot) <= first.quantity
    assert sum(o.is_live for o in orders) <= 1


def check_sums(world: DcaWorld) -> None:
    """The tally, and the average cost, by brute force from the fills alone."""
    tally, fills = world.state.tally, world.fills()
    slots: dict[str, list[Any]] = defaultdict(list)
    for fill in fills:
        slots["/".join(str(fill.key).split("/")[:2])].append(fill)
    base = sum((f.quantity for f in fills), Decimal(0))
    quote = sum((f.price * f.quantity for f in fills), Decimal(0))
    fees = sum((f.fee for f in fills), Decimal(0))
    assert (tally.orders, tally.invested, tally.traded) == (len(slots), quote, base)
    assert world.bot.position(world.instrument.symbol) == base
    if not fills:
        return
    assert tally.average_cost == (quote + fees) / base
    prices = [
        sum(f.price * f.quantity for f in own) / sum(f.quantity for f in own)
        for own in slots.values()
    ]
    mean = sum(prices, Decimal(0)) / len(prices)
    assert abs(tally.mean_price - mean) < Decimal("1e-15")
    announced = [event.key for event in world.events("dcaOrderExecuted")]
    assert len(announced) == len(set(announced)) >= len(slots) - 1


@pytest.mark.parametrize("symbol", ["BTC/USDC", "BTC/USDC:USDC"])
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(10, 90),
    missed=st.sampled_from(["skip", "buy_once", "catch_up"]),
    first=st.sampled_from([{}, LIMIT, LIMIT | PATIENT]),
    latency=st.sampled_from([0, 0, 700]),
)
def test_no_slot_trades_twice_under_any_schedule_of_restarts(
    symbol: str, seed: int, count: int, missed: str, first: dict[str, Any], latency: int
) -> None:
    async def play() -> None:
        world = DcaWorld(
            coin(symbol, lot_size=Decimal("0.00001"), taker_fee=Decimal("0.0005")),
            venue=PaperSettings(partial_fills=True, latency_ms=latency),
            interval="5m",
            max_orders=12,
            missed=missed,
            **first,
        )
        history = History(world)
        await history.play(steps_of(seed, count))
        assert [event.message for event in world.events("error")] == []
        check_orders(world)
        check_sums(world)
        assert world.state.tally.orders <= history.most_orders
        await world.engine.stop()

    asyncio.run(play())


# which slots trade, by a second opinion


def expected_slots(policy: str, spells: list[tuple[str, int]]) -> list[int]:
    """The minutes of the slots that trade, with one due every ten minutes.

    Spells follow each other; while one is not "up", what falls due is missed. Those made up for
    come when the next "up" begins.
    """
    traded, missed, now = [0], [], 0
    for kind, length in spells:
        if kind == "up":
            made_up = {"skip": [], "buy_once": missed[-1:], "catch_up": missed}[policy]
            traded += made_up
            missed = []
        for minute in range(now + 1, now + length + 1):
            if minute % 10 == 0:
                (traded if kind == "up" else missed).append(minute)
        now += length
    return sorted(traded)


def spells_of(numbers: list[tuple[str, int, int]]) -> list[tuple[str, int]]:
    """Spells in turn up and out; none begins on a due time."""
    spells = [("up", 5)]
    for kind, tens, up_tens in numbers:
        spells += [(kind, 10 * tens), ("up", 10 * up_tens)]
    return spells


@pytest.mark.parametrize("policy", ["skip", "buy_once", "catch_up"])
@settings(max_examples=25, deadline=None)
@given(
    numbers=st.lists(
        st.tuples(
            st.sampled_from(["down", "paused", "stopped"]), st.integers(0, 5), st.integers(1, 3)
        ),
        max_size=4,
    )
)
def test_the_slots_that_trade_are_those_of_a_plain_list(
    policy: str, numbers: list[tuple[str, int, int]]
) -> None:
    spells = spells_of(numbers)

    async def play() -> list[int]:
        world = DcaWorld(
            interval="10m",
            start_at="2026-11-22T09:00:00Z",
            max_orders=1000,
            missed=policy,
        )
        await world.start("40000")
        for kind, minutes in spells:
            await spend(world, kind, minutes)
        await world.engine.stop()
        return [minute_of(str(fill.key)) for fill in world.fills()]

    bought = asyncio.run(play())
    assert bought == sorted(bought)
    assert bought == expected_slots(policy, spells)


async def spend(world: DcaWorld, kind: str, minutes: int) -> None:
    """One spell: up with a price every twenty seconds, or out and back again."""
    end = world.clock.now() + minutes * MINUTE
    if kind == "up":
        while world.clock.now() < end:
            await world.tick_at(min(end, world.clock.now() + 20 * SECOND), "40000")
    elif kind == "down":
        await world.restarted(end, price="40000")
    else:
        out, back = (PauseBot, ResumeBot) if kind == "paused" else (StopBot, StartBot)
        await world.command(out("dca"))
        await world.tick_at(end, "40000")
        await world.command(back("dca"))


def minute_of(key: str) -> int:
    hour, minute = key.split("T")[1][:5].split(":")
    return (int(hour) - 9) * 60 + int(minute)


def test_the_plain_list_itself() -> None:
    spells = [("up", 5), ("down", 30), ("up", 10)]
    assert expected_slots("skip", spells) == [0, 40]
    assert expected_slots("buy_once", spells) == [0, 30, 40]
    assert expected_slots("catch_up", spells) == [0, 10, 20, 30, 40]
    assert NINE % MINUTE == 0
