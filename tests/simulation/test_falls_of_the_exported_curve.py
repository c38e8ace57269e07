"""Drawdown and daily loss are those of the exported equity curve; transfers move neither."""

import asyncio
import csv
import gzip
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from nimbus_tui.cli.main import app
from nimbus_tui.core.ids import Asset
from nimbus_tui.core.market import Tick
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.risk.limits import RiskLimits
from tests.simulation.backtests import CANDLES
from tests.simulation.worlds import World

DAY_NS = 86_400 * 1_000_000_000
MINUTE_NS = 60 * 1_000_000_000
GRAIN_NS = 5 * MINUTE_NS
BEGUN_NS = 20_000 * DAY_NS + 7 * MINUTE_NS
"""No tick is at midnight: which equity a day begins with leaves no choice then."""
LIMITS = RiskLimits(drawdown=Decimal(99), daily_loss=Decimal(99))
TRANSFERS = (Decimal(5_000), Decimal(-3_000), Decimal("0.01"), Decimal(-1))

Curve = list[tuple[int, Decimal]]
Measured = tuple[int, Decimal, Decimal]
"""When, the drawdown and the daily loss that the rules said then, in percent."""


async def lived(
    path: Path, prices: Iterable[Decimal], every_ns: int, moments: int
) -> list[Measured]:
    """Trade along a path, with a sample of the curve at every tick; what the rules say at some."""
    world = World(
        journal=SqliteJournal.open(path),
        limits=LIMITS,
        start_ns=BEGUN_NS - every_ns,
        capital=Decimal(20_000),
        balances={"USDC": Decimal(1_000_000)},
        quote_size=Decimal(400),
        spacing=Decimal(4),
    )
    await world.engine.start()
    said = []
    for number, price in enumerate(prices):
        now = world.clock.now() + every_ns
        await world.clock.advance_to(now, world.engine.settle)
        world.exchange.deliver(Tick(now, world.instrument.symbol, price, Decimal(0)))
        await world.engine.settle()
        if not world.bot.saved.opened:
            continue
        world.engine.equity_curves.sample(world.engine.bots.values())
        if number % moments == 0:
            before = measured(world)
            amount = TRANSFERS[number // moments % len(TRANSFERS)]
            world.exchange.transfer(Asset("USDC"), amount)
            assert measured(world) == before
            said.append((now, *before))
    await world.engine.stop()
    return said


def measured(world: World) -> tuple[Decimal, Decimal]:
    """What the two rules measure now."""
    by_rule = {reading.rule: reading.measured for reading in world.bot.risk.readings()}
    return by_rule["drawdown"], by_rule["daily_loss"]


def exported(journal: Path) -> Curve:
    """The curve as `journal export` writes it."""
    file = journal.with_suffix(".csv")
    done = CliRunner().invoke(
        app, ["journal", "export", "equity", "--engine", str(journal), "--out", str(file)]
    )
    assert done.exit_code == 0, done.output
    with file.open(newline="") as stream:
        return [(int(row["ts"]), Decimal(row["equity"])) for row in csv.DictReader(stream)]


def recomputed(curve: Curve, now: int, late_ns: int = 0) -> tuple[Decimal, Decimal]:
    """Drawdown and daily loss at a time, from nothing but the curve.

    With `late_ns` the 24 hours began so much earlier.
    """
    known = [(ts, equity) for ts, equity in curve if ts <= now]
    newest = known[-1][1]
    peak = max(equity for _, equity in known)
    starts = [
        next((equity for ts, equity in reversed(known) if ts <= since), known[0][1])
        for since in (now // DAY_NS * DAY_NS, now - DAY_NS - late_ns)
    ]
    return fall(peak, newest), max(fall(start, newest) for start in starts)


def fall(start: Decimal, newest: Decimal) -> Decimal:
    return max(Decimal(0), start - newest) / start * 100


def check(prices: Sequence[Decimal], every_ns: int, moments: int) -> list[Measured]:
    with TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.db"
        said = asyncio.run(lived(journal, prices, every_ns, moments))
        curve = exported(journal)
    for now, *falls in said:
        # What held 24 hours ago is known to five minutes.
        allowed = [recomputed(curve, now, late_ns) for late_ns in range(0, GRAIN_NS + 1, every_ns)]
        assert tuple(falls) in allowed
    return said


moves = st.lists(st.integers(-300, 300), min_size=80, max_size=160)
"""From one price to the next, in hundredths of a percent."""


@settings(max_examples=6, deadline=None)
@given(moves)
def test_the_falls_are_those_of_the_exported_curve(steps: list[int]) -> None:
    price, prices = Decimal(2400), []
    for step in steps:
        price = max(Decimal(100), round(price * (10_000 + step) / 10_000, 2))
        prices.append(price)
    check(prices, 25 * MINUTE_NS, 3)


async def test_a_peak_that_was_reached_quietly_counts() -> None:
    world = await World(
        limits=RiskLimits(drawdown=Decimal("1.6")),
        capital=Decimal(1_000),
        spacing=Decimal(20),
        quote_size=Decimal(900),
    ).start("2400", "1900", "1901")
    assert world.bot.position(world.instrument.symbol) > 0
    for price in ("1950", "2000", "2050", "2100"):
        await world.tick(price)
    highest = world.bot.equity()
    assert world.bot.standing.risk_step.label == "normal"
    await world.tick("2060")
    (said,) = [one for one in world.bot.risk.readings() if one.rule == "drawdown"]
    assert said.measured == fall(highest, world.bot.equity()) > Decimal("1.6")
    assert world.bot.standing.risk_step.label in ("pause", "stop")
    await world.engine.stop()


@pytest.mark.skipif(not CANDLES, reason="the recorded data is not here")
def test_they_are_on_recorded_prices_too() -> None:
    (path,) = [one for one in CANDLES if one.name.startswith("ETHUSDT")]
    with gzip.open(path, "rt", newline="") as stream:
        prices = [Decimal(row["close"]) for row in islice(csv.DictReader(stream), 0, 6 * 1440, 5)]
    said = check(prices, 5 * MINUTE_NS, 11)
    assert max(drawdown for _, drawdown, _ in said) > 1
    assert max(loss for _, _, loss in said) > 1
