"""Past moments: what is read out of the journal is what was to be seen then."""

import asyncio
from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.control.commands import PauseBot, ResumeBot
from nimbus_tui.control.snapshots import BotDetail, BotSnapshot
from nimbus_tui.core.events import Event, Info, Warning
from nimbus_tui.core.market import Tick
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.history import History
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.engine.snapshots import bot_detail, bot_snapshot
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.strategies.grid import GridStrategy
from nimbus_tui.strategies.grid_levels import GridConfig
from tests.simulation.worlds import instrument

SECOND = 1_000_000_000
SYMBOLS = ("ETH/USDC:USDC", "BTC/USDC:USDC")


class Seen:
    """What somebody who looks after each event sees of a bot."""

    def __init__(self, engine: Engine) -> None:
        self.rows: dict[int, dict[str, BotSnapshot]] = {}
        self.details: dict[int, dict[str, BotDetail]] = {}
        self._engine = engine
        engine.bus.subscribe(self._look)

    def _look(self, event: Event) -> None:
        bots = self._engine.bots.values()
        self.rows[event.seq] = {b.bot_id: bot_snapshot(self._engine, b) for b in bots}
        self.details[event.seq] = {b.bot_id: bot_detail(self._engine, b) for b in bots}


class Grids:
    """Two grids on two symbols of one venue, recorded and watched."""

    def __init__(self, journal: SqliteJournal, store: PaperStore | None = None) -> None:
        self.clock = SimulatedClock(0)
        grains = {symbol: instrument(symbol) for symbol in SYMBOLS}
        self.exchange = PaperExchange(
            "sim",
            instruments=list(grains.values()),
            balances={"USDC": Decimal(100_000)},
            clock=self.clock,
            store=store or PaperStore(":memory:"),
        )
        self.engine = Engine(
            EngineSettings(name="test"),
            clock=self.clock,
            journal=journal,
            exchanges={"sim": self.exchange},
            bots=[self._spec(symbol, grains[symbol]) for symbol in SYMBOLS],
            chance=Random(1),
        )
        self.engine.recorder = History(self.engine)
        self.exchange.settle = self.engine.settle
        self.client = LocalClient(self.engine)
        self.seen = Seen(self.engine)

    @staticmethod
    def _spec(symbol: str, grain: object) -> BotSpec:
        config = GridConfig(
            symbol=symbol, levels=2, spacing=Decimal("0.5"), quote_size=Decimal(100)
        )
        name = symbol[:3].lower()
        strategy = GridStrategy(name, config, {symbol: grain})
        return BotSpec(
            bot_id=name,
            strategy_name="grid",
            strategy=strategy,
            exchange="sim",
            instruments={symbol: grain},
        )

    async def tick(self, symbol: str, price: Decimal) -> None:
        ts = self.clock.now() + SECOND
        await self.clock.advance_to(ts, self.engine.settle)
        self.exchange.deliver(Tick(ts, symbol, price, Decimal(0)))
        await self.engine.settle()


STEPS = st.lists(
    st.tuples(st.sampled_from((0, 1)), st.integers(-30, 30), st.integers(0, 19)),
    min_size=5,
    max_size=60,
)


async def lived_through(world: Grids, steps: list[tuple[int, int, int]]) -> None:
    await world.engine.start()
    prices = [Decimal(2400), Decimal(60_000)]
    for market in (0, 1):
        await world.tick(SYMBOLS[market], prices[market])
    for market, move, whim in steps:
        prices[market] = (prices[market] * (1 + Decimal(move) / 2000)).quantize(Decimal("0.01"))
        await world.tick(SYMBOLS[market], prices[market])
        if whim == 0:
            await world.client.execute(PauseBot("eth"))
        elif whim == 1:
            await world.client.execute(ResumeBot("eth"))


def at_rest(row: BotSnapshot) -> dict[str, object]:
    """A row but for the figures that a strategy works out with the time and price of its turn."""
    return {name: getattr(row, name) for name in row.__struct_fields__ if name != "statistics"}


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_every_moment_is_shown_as_it_was_seen(steps: list[tuple[int, int, int]]) -> None:
    async def run() -> None:
        world = Grids(SqliteJournal.open(":memory:"))
        await lived_through(world, steps)
        assert world.seen.rows
        for seq, rows in world.seen.rows.items():
            past = await world.client.history(seq=seq, focus="eth")
            (event,) = world.engine.journal.events(after=seq - 1, limit=1)
            concerned = world.seen.rows[seq].get(event.bot_id or "")
            found = {row.bot_id: row for row in past.bots}
            assert {name: at_rest(row) for name, row in found.items()} == {
                name: at_rest(row) for name, row in rows.items()
            }
            if concerned is not None:
                assert found[concerned.bot_id] == concerned
            seen = world.seen.details[seq]["eth"]
            assert past.detail is not None
            assert (past.detail.orders, past.detail.fills) == (seen.orders, seen.fills)
            if event.bot_id == "eth":
                assert past.detail == msgspec.structs.replace(seen, held_back={})
            assert event in past.events
            assert (past.seq, past.ts) == (event.seq, event.ts)
        await world.engine.stop()

    asyncio.run(run())


STORY = [(0, -13, 5), (1, 14, 5), (0, 12, 0), (0, -25, 5), (1, -15, 1), (0, 9, 5), (0, 30, 5)]


async def test_looking_back_waits_for_nobody_and_nobody_waits_for_it(tmp_path: Path) -> None:
    world = Grids(SqliteJournal.open(tmp_path / "journal.db"))
    await lived_through(world, STORY)
    seq = world.engine.bus.seq
    with world.engine.journal.transaction():
        world.engine.bus.publish(Info(message="not committed yet"))
        world.engine.bus.write()
        past = await world.client.history()
    assert past.seq == seq
    assert len(past.bots) == 2
    await world.engine.stop()


async def test_the_past_outlives_the_engine_and_a_bot_that_is_gone_stays_in_it(
    tmp_path: Path,
) -> None:
    path, store = tmp_path / "journal.db", PaperStore(tmp_path / "paper.db")
    first = Grids(SqliteJournal.open(path), store)
    await lived_through(first, STORY)
    await first.engine.stop()
    second = Grids(SqliteJournal.open(path), PaperStore(tmp_path / "paper.db"))
    del second.engine.specs["btc"]
    second.clock.jump(first.clock.now() + SECOND)
    await second.engine.start()
    await second.tick(SYMBOLS[0], Decimal(2400))
    for seq, rows in first.seen.rows.items():
        past = await second.client.history(seq=seq)
        assert {row.bot_id: at_rest(row) for row in past.bots} == {
            name: at_rest(row) for name, row in rows.items()
        }
    assert [row.bot_id for row in (await second.client.history()).bots] == ["eth"]
    await second.engine.stop()


async def test_a_bot_of_which_an_event_only_tells_is_shown_with_its_newest_figures() -> None:
    world = Grids(SqliteJournal.open(":memory:"))
    await lived_through(world, [(0, -11, 5)])
    await world.tick(SYMBOLS[0], Decimal("2389.50"))
    world.engine.tell(Warning(bot_id="eth", message="look"))
    await world.engine.settle()
    seq = world.engine.bus.seq
    past = await world.client.history(seq=seq)
    eth = next(row for row in past.bots if row.bot_id == "eth")
    assert eth == world.seen.rows[seq]["eth"]
    assert eth.statistics != world.seen.rows[seq - 1]["eth"].statistics
    await world.engine.stop()


async def test_between_events_a_bot_is_shown_at_the_price_of_the_minute() -> None:
    world = Grids(SqliteJournal.open(":memory:"))
    await lived_through(world, [(0, -11, 5)])
    held = world.engine.bots["eth"].position(SYMBOLS[0])
    last = world.engine.bus.seq
    before = await world.client.history()
    await world.tick(SYMBOLS[0], Decimal("2389.50"))
    world.engine.recorder.sample()
    assert world.engine.bus.seq == last, "the price was to happen without an event"
    after = await world.client.history(ts=world.clock.now())
    assert held > 0
    was, now = (next(b for b in past.bots if b.bot_id == "eth") for past in (before, after))
    assert now.price == Decimal("2389.50")
    assert now.equity - was.equity == held * (now.price - was.price)
    assert (await world.client.history(seq=last)).bots == before.bots
    await world.engine.stop()
