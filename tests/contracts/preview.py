"""What every bot's preview must keep: its orders are those that the engine then places.

`await previewed_and_placed(start)` runs a bot on a paper exchange at the prices of its preview; the
`assert_…` functions compare the two. A bot's tests call them with starts of their own.
"""

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import Order, OrderState, OrderType, Side
from nimbus_tui.core.panels import (
    DriftPanel,
    LadderPanel,
    Panel,
    RowState,
    SlotState,
    StepsPanel,
    TimelinePanel,
)
from nimbus_tui.core.preview import Preview
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.simulation.clock import SimulatedClock

SECOND = 1_000_000_000
NOON = 1_763_812_800 * SECOND
CAPITAL = "capital needed"
"""The figure that every bot's preview has."""


class Start(NamedTuple):
    """A bot that is about to start."""

    kind: type[Any]
    config: Any
    instruments: Mapping[str, Instrument]
    prices: Mapping[str, Decimal]


class Terms(NamedTuple):
    """What a preview says of one order; None where it says nothing."""

    side: Side | None
    price: Decimal | None
    quantity: Decimal | None
    at_once: bool
    """Whether it is placed at the first price, else it waits for something."""


class Started(NamedTuple):
    """A preview, and what came of the bot."""

    preview: Preview
    capital: Decimal
    """By the journal, once the bot has opened its books."""
    required: Decimal
    first: dict[str, Order]
    """Every order after the first price."""
    then: dict[str, Order]
    """Every order after the same price again, when orders at market have filled."""


async def previewed_and_placed(start: Start) -> Started:
    """Preview a bot, then let an engine start it at the same prices."""
    clock = SimulatedClock(NOON)
    quotes = {instrument.quote for instrument in start.instruments.values()}
    exchange = PaperExchange(
        "sim",
        instruments=list(start.instruments.values()),
        balances={quote: Decimal(10) ** 12 for quote in quotes},
        clock=clock,
        store=PaperStore(":memory:"),
    )
    bot = BotSpec(
        bot_id="bot",
        strategy_name=start.kind.__name__,
        strategy=start.kind("bot", start.config, start.instruments),
        exchange="sim",
        instruments=dict(start.instruments),
    )
    engine = Engine(
        EngineSettings(name="test"), clock=clock, journal=SqliteJournal.open(":memory:"),
        exchanges={"sim": exchange}, bots=[bot], chance=Random(1),
    )  # fmt: skip
    exchange.settle = engine.settle
    await engine.start()
    first = await _orders_at(start, engine, exchange, clock)
    preview = start.kind.preview(start.config, start.instruments, start.prices, clock.now())
    then = await _orders_at(start, engine, exchange, clock)
    capital = engine.bots["bot"].record.capital
    await engine.stop()
    required = start.kind.required_capital(start.config, start.instruments, start.prices)
    return Started(preview, capital, required, first, then)


async def _orders_at(
    start: Start, engine: Engine, exchange: PaperExchange, clock: SimulatedClock
) -> dict[str, Order]:
    ts = clock.now() + SECOND
    await clock.advance_to(ts, engine.settle)
    for symbol, price in start.prices.items():
        exchange.deliver(Tick(ts, symbol, price, Decimal(0)))
        await engine.settle()
    return {order.key: order for order in engine.journal.orders(bot_id="bot", limit=-1)}


def terms_of(panel: Panel | None) -> dict[str, Terms]:
    """What a panel says of orders, by their keys."""
    match panel:
        case LadderPanel(rows=rows):
            return {
                row.key: Terms(row.side, row.price, row.quantity, row.state is RowState.WANTED)
                for row in rows
                if row.key is not None
            }
        case StepsPanel(rows=rows, side=side):
            return {
                row.key: Terms(side, row.price, row.quantity, row.order is RowState.WANTED)
                for row in rows
                if row.key is not None
            }
        case TimelinePanel(rows=rows, side=side):
            return {
                row.key: Terms(side, row.price, row.quantity or None, row.state is SlotState.OPEN)
                for row in rows
                if row.key is not None
            }
        case DriftPanel(rows=rows):
            return {
                row.key: Terms(row.side, None, None, row.state is RowState.WANTED)
                for row in rows
                if row.key is not None
            }
        case None:
            return {}


def assert_orders_are_those_previewed(started: Started) -> None:
    """What the preview wants at once is placed so; nothing else rests at a limit."""
    terms = terms_of(started.preview.panel)
    assert not [o for o in started.then.values() if o.state is OrderState.REJECTED]
    assert {key for key, one in terms.items() if one.at_once} <= set(started.first)
    limits = {key for key, order in started.first.items() if order.type is OrderType.LIMIT}
    assert limits <= set(terms)
    for key in set(terms) & set(started.then):
        assert_same(terms[key], started.then[key])


def assert_same(terms: Terms, order: Order) -> None:
    """An order is what the preview said of it."""
    said = (terms.side, terms.price, terms.quantity)
    placed = (order.side, order.price, order.quantity)
    if order.type is OrderType.MARKET:
        said, placed = (said[0], None, said[2]), (placed[0], None, placed[2])
    assert said == tuple(
        is_now if was is not None else None for was, is_now in zip(said, placed, strict=True)
    )


def assert_capital_is_what_the_bot_opens_with(started: Started) -> None:
    """The preview, the strategy and the journal name one capital."""
    figures = {figure.name: figure.value for figure in started.preview.figures}
    assert figures[CAPITAL] == started.required == started.capital
