"""Fills, fees and funding enter the books: each once, and the identity holds at every event."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.account import AccountInfo
from nimbus_tui.core.events import Event, Info, Warning
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.market import FundingRate, Tick
from nimbus_tui.engine.facts import FundingArrived
from nimbus_tui.exchanges.base import FillCallback, FillPage, Unsubscribe
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.funding import FundingSchedule
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from tests.simulation.worlds import World, instrument

PERPETUAL, SPOT = "ETH/USDC:USDC", "ETH/USDC"
BNB = instrument("BNB/USDC")
SECOND = 1_000_000_000


class PaidInCoin(PaperExchange):
    """Takes its fees in BNB, as if one were always 512 quote; says so in its account."""

    fee_assets: tuple[str, ...] = ("BNB",)

    def subscribe_order_fills(self, callback: FillCallback) -> Unsubscribe:
        return super().subscribe_order_fills(lambda fill: callback(paid_in_coin(fill)))

    async def fills_since(self, cursor: str) -> FillPage:
        page = await super().fills_since(cursor)
        return FillPage(tuple(paid_in_coin(fill) for fill in page.fills), page.cursor, page.more)

    async def account_info(self) -> AccountInfo:
        info = await super().account_info()
        return msgspec.structs.replace(info, fee_assets=self.fee_assets)  # type: ignore[arg-type]


class PaidInSurprise(PaidInCoin):
    """Takes its fees in BNB without a word of it before."""

    fee_assets = ()


def paid_in_coin(fill: Fill) -> Fill:
    return msgspec.structs.replace(fill, fee=fill.fee / 512, fee_asset="BNB")


def every(seconds: int, rate: str = "0.0001") -> FundingSchedule:
    """Funding every so many seconds, with a sign that changes."""
    rates = tuple(
        FundingRate(n * seconds * SECOND, Decimal(rate) * (-1) ** (n % 3)) for n in range(1, 200)
    )
    return FundingSchedule(recorded={PERPETUAL: rates})


def wandering(count: int, seed: int = 4) -> list[str]:
    """A price that goes to and fro by up to 15."""
    chance, price, prices = Random(seed), Decimal(2400), []
    for _ in range(count):
        price += Decimal(chance.randint(-1500, 1500)) / 100
        prices.append(str(price))
    return prices


class Witness:
    """Works the equity out anew at every event, from the journal's facts alone."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seen = 0
        self.told: list[Event] = []
        world.engine.bus.subscribe(self)

    def __call__(self, event: Event) -> None:
        self.seen += 1
        self.told.append(event)
        self.check()

    def check(self) -> None:
        bot, journal = self.world.bot, self.world.engine.journal
        if not bot.saved.opened:
            return
        cash, coins = Fraction(bot.books.capital), Fraction(0)
        for fill in journal.fills():
            signed = Fraction(fill.quantity) * (1 if fill.side.value == "buy" else -1)
            coins, cash = coins + signed, cash - signed * Fraction(fill.price)
            if fill.fee_asset == "ETH":
                coins -= Fraction(fill.fee)
            elif fill.fee_asset == "USDC":
                cash -= Fraction(fill.fee)
            else:
                assert fill.fee_quote is not None
                cash -= Fraction(fill.fee_quote)
        cash += sum((Fraction(paid.amount) for paid in journal.funding()), Fraction(0))
        marks = bot.marks()
        books = bot.books
        assert Fraction(books.cash) == cash
        assert cash + coins * Fraction(marks[self.world.instrument.symbol]) == Fraction(
            books.capital
            + books.realized_pnl
            + books.unrealized_pnl(marks)
            - books.fees
            + books.funding
        )
        assert books.equity(marks) == bot.equity()


RUNS: dict[str, Callable[[], World]] = {
    "perpetual, fees in quote": lambda: World(venue=PaperSettings(funding=every(7))),
    "perpetual, partial fills, slippage": lambda: World(
        venue=PaperSettings(
            funding=every(3), partial_fills=True, slippage_percent=Decimal("0.013")
        ),
        post_only=False,
    ),
    "spot, fees in quote": lambda: World(instrument(SPOT)),
    "spot, fees in base": lambda: World(instrument(SPOT), venue=PaperSettings(fee_in_base=True)),
    "perpetual, fees in a third asset": lambda: World(
        venue=PaperSettings(funding=every(5)), exchange=PaidInCoin, beside=[BNB]
    ),
    "spot, fees in a third asset": lambda: World(
        instrument(SPOT), exchange=PaidInCoin, beside=[BNB]
    ),
}


@pytest.mark.parametrize("run", RUNS)
async def test_equity_is_capital_results_fees_and_funding_at_every_event(run: str) -> None:
    world = RUNS[run]()
    witness = Witness(world)
    chance = Random(11)
    if "third" in run:
        world.exchange.deliver(Tick(0, "BNB/USDC", Decimal("601.3"), Decimal(0)))
    await world.start("2400")
    for number, price in enumerate(wandering(250)):
        if "third" in run and number % 9 == 0:
            at = Decimal(chance.randint(58_000, 62_000)) / 100
            world.exchange.deliver(Tick(world.clock.now(), "BNB/USDC", at, Decimal(0)))
        await world.tick(price, size=str(chance.choice(["0.01", "1"])))
        witness.check()
    books, journal = world.bot.books, world.engine.journal
    assert books.fills == len(journal.fills()) > 40
    assert witness.seen > 150
    assert bool(books.funding) == bool(journal.funding()) == (world.instrument.symbol == PERPETUAL)
    assert not books.unvalued_fees
    if "third" in run:
        assert list(books.fees_by_asset) == ["BNB"]
        assert len({fill.fee_quote / fill.fee for fill in journal.fills()}) > 3  # type: ignore[operator]
    await world.engine.stop()


async def test_the_venues_balance_changes_by_what_the_books_say() -> None:
    world = World(venue=PaperSettings(funding=every(7)))
    await world.start("2400", *wandering(200))
    books = world.bot.books
    change = {b.asset: b.total for b in await world.exchange.balances()}["USDC"] - 10_000
    assert change == books.realized_pnl - books.fees + books.funding
    assert books.funding != 0
    await world.engine.stop()


async def test_a_fee_is_worth_what_its_asset_cost_at_the_fill() -> None:
    world = World(exchange=PaidInCoin, beside=[BNB])
    world.exchange.deliver(Tick(0, "BNB/USDC", Decimal(600), Decimal(0)))
    await world.start("2400", "2388")
    world.exchange.deliver(Tick(world.clock.now(), "BNB/USDC", Decimal(500), Decimal(0)))
    await world.tick("2400")
    first, second = world.fills()
    assert (first.fee_quote, second.fee_quote) == (first.fee * 600, second.fee * 500)
    assert world.bot.books.fees == first.fee * 600 + second.fee * 500
    assert world.bot.strategy.get_statistics()["grid_profit"] == (
        (second.price - first.price) * first.quantity - world.bot.books.fees
    )
    await world.engine.stop()


async def test_a_fee_that_nobody_can_value_is_told_and_kept_apart() -> None:
    world = World(exchange=PaidInSurprise)
    await world.start("2400", "2388")
    (fill,) = world.fills()
    assert fill.fee_quote is None
    assert world.bot.books.fees == 0
    assert world.bot.books.unvalued_fees == {"BNB": fill.fee}
    (warning,) = world.engine.journal.events(types=["warning"])
    assert isinstance(warning, Warning)
    assert "BNB" in warning.message
    assert warning.bot_id == "grid"
    await world.engine.stop()


async def test_a_surprising_fee_asset_is_listened_to_from_then_on() -> None:
    world = World(exchange=PaidInSurprise, beside=[BNB])
    await world.start("2400", "2388")
    world.exchange.deliver(Tick(world.clock.now(), "BNB/USDC", Decimal(600), Decimal(0)))
    await world.tick("2400")
    first, second = world.fills()
    assert (first.fee_quote, second.fee_quote) == (None, second.fee * 600)
    await world.engine.stop()


async def test_funding_is_entered_once_however_often_it_is_told() -> None:
    world = World(venue=PaperSettings(funding=every(3)))
    await world.start("2400", "2388", "2388", "2388")
    (payment,) = (await world.exchange.funding_since("")).payments
    for _ in range(3):
        world.engine.inbox.put(FundingArrived("sim", payment))
    await world.engine.settle()
    assert (
        world.bot.books.funding == payment.amount == -Decimal("0.0418") * 2388 * Decimal("-0.0001")
    )
    (kept,) = world.engine.journal.funding(bot_id="grid")
    assert kept == msgspec.structs.replace(payment, bot_id="grid")
    told = [e.message for e in world.engine.journal.events(types=["info"]) if isinstance(e, Info)]
    assert told[1:] == ["funding received: 0.00998184 USDC on ETH/USDC:USDC"]
    await world.engine.stop()


def other(payment: FundingPayment, **changes: Any) -> FundingPayment:
    return msgspec.structs.replace(payment, funding_id="other", **changes)


async def test_what_is_no_bots_funding_is_kept_in_the_journal_only() -> None:
    world = World(venue=PaperSettings(funding=every(3)), start_ns=50 * SECOND)
    await world.start("2400", "2388", "2388", "2388")
    (payment,) = (await world.exchange.funding_since("")).payments
    before = world.bot.books.funding
    for strange in (
        other(payment, symbol="BTC/USDC:USDC"),
        msgspec.structs.replace(payment, funding_id="before its time", ts=payment.ts - 60 * SECOND),
    ):
        world.engine.inbox.put(FundingArrived("sim", strange))
    await world.engine.settle()
    assert world.bot.books.funding == before
    assert [one.bot_id for one in world.engine.journal.funding()] == ["grid", None, None]
    await world.engine.stop()


async def test_funding_in_an_asset_that_the_books_are_not_in_is_told_and_left_out() -> None:
    world = World(venue=PaperSettings(funding=every(3)))
    await world.start("2400", "2388", "2388", "2388")
    (payment,) = world.engine.journal.funding()
    world.engine.inbox.put(FundingArrived("sim", other(payment, asset="BTC")))
    await world.engine.settle()
    assert world.bot.books.funding == payment.amount
    (warning,) = world.engine.journal.events(types=["warning"])
    assert "BTC" in warning.message  # type: ignore[attr-defined]
    await world.engine.stop()


async def test_funding_that_fell_due_while_the_engine_was_down_is_entered_at_the_next_start(
    tmp_path: Path,
) -> None:
    path = tmp_path / "paper.db"

    def world() -> World:
        journal = SqliteJournal.open(tmp_path / "j.db")
        return World(venue=PaperSettings(funding=every(3)), journal=journal, store=PaperStore(path))

    first = world()
    await first.start("2400", "2388", "2388", "2388")
    entered = first.bot.books.funding
    await first.engine.stop()
    # The venue goes on without an engine: two more funding times.
    venue = first.exchange
    for second in (7, 8, 9):
        venue.deliver(Tick(second * SECOND, PERPETUAL, Decimal(2388), Decimal(0)))
    for _ in range(2):
        again = world()
        again.clock.jump(20 * SECOND)
        await again.start()
        payments = (await again.exchange.funding_since("")).payments
        assert len(payments) == 3
        assert again.bot.books.funding == sum(one.amount for one in payments) != entered
        assert [one.funding_id for one in again.engine.journal.funding()] == [
            one.funding_id for one in payments
        ]
        await again.engine.stop()


async def test_a_turn_that_cannot_be_written_enters_no_funding() -> None:
    world = World(venue=PaperSettings(funding=every(3)))
    await world.start("2400", "2388")
    journal = world.engine.journal
    journal._connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON bots BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    await world.tick("2388")
    assert len((await world.exchange.funding_since("")).payments) == 1
    assert world.engine.state == "failed"
    assert journal.funding() == []


async def test_a_grids_cycles_are_its_round_trips_with_their_times() -> None:
    world = World()
    await world.start("2400", "2388", "2400", "2412", "2400")
    log = world.bot.cycles
    statistics = world.bot.strategy.get_statistics()
    assert log.count == statistics["round_trips"] == 2
    assert log.gains - log.losses == statistics["grid_profit"]
    assert [(c.opened_ns // SECOND, c.closed_ns // SECOND) for c in log.recent] == [(2, 3), (4, 5)]
    assert world.bot.books.cycles.count == 2
    await world.engine.stop()
