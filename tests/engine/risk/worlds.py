"""Bots that do as a test says under the law, on the paper exchange, in virtual time.

The bots ask for no price and no time: whatever wakes them is the law. Nothing costs a fee, so that
every threshold can be worked out in the head: 1,000 of capital, bought at 100.
"""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from nimbus_tui.control.commands import Command, Outcome
from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, OrderKey, Symbol
from nimbus_tui.core.instrument import MarginMode
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import DesiredOrder, OrderType, Side
from nimbus_tui.core.plan import Plan, View
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.risk.escalation import Ladder
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.simulation.virtual_time import LoopClock
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig, StrategyState
from tests.known_failures.stories import in_virtual_time as in_virtual_time
from tests.simulation.worlds import instrument

MIDNIGHT_NS = 20_000 * 86_400 * NS_PER_SECOND
HOUR_S = 3600
A, B, C = BotId("a"), BotId("b"), BotId("c")


class PuppetConfig(StrategyConfig, frozen=True, kw_only=True):
    symbols: tuple[Symbol, ...]


class PuppetState(StrategyState, frozen=True, kw_only=True):
    filled: dict[OrderKey, Decimal] = {}


class Puppet(BaseTradingStrategy[PuppetConfig, PuppetState]):
    """Wishes what is in `wishes`, less what has filled."""

    Config = PuppetConfig
    State = PuppetState
    wishes: dict[OrderKey, DesiredOrder]
    asked = 0

    def initial_state(self) -> PuppetState:
        return PuppetState()

    def plan(self, view: View) -> Plan:
        self.asked += 1
        filled = self.state.filled
        return Plan(
            tuple(w for w in self.wishes.values() if filled.get(w.key, Decimal(0)) < w.quantity)
        )

    def handle_order_fill(self, fill: Fill) -> None:
        total = self.state.filled.get(fill.key, Decimal(0)) + fill.quantity
        filled = {**self.state.filled, fill.key: total}
        self.state = msgspec.structs.replace(self.state, filled=filled)


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One bot as a test wants it."""

    bot_id: BotId = A
    symbols: tuple[str, ...] = ("ETH/USDC:USDC",)
    limits: RiskLimits = RiskLimits()
    capital: Decimal = Decimal(1000)
    exchange: str = "sim"
    mode: Mode = Mode.PAPER
    close_on_stop: bool = False
    leverage: int | None = None
    margin_mode: MarginMode = MarginMode.CROSS


def limits(**numbers: Any) -> RiskLimits:
    """Limits of a bot from numbers as text."""
    return RiskLimits(**numbers_of(numbers))


def numbers_of(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: Decimal(value) if isinstance(value, str) and value[-1].isdigit() and ":" not in value
        else value
        for key, value in given.items()
    }  # fmt: skip


class RiskWorld:
    """An engine that runs, its venue, and what a test needs to move and to see them."""

    def __init__(
        self,
        *bots: Given,
        settings: dict[str, Any] | None = None,
        exchange: type[PaperExchange] = PaperExchange,
        balance: str = "10000",
        store: PaperStore | None = None,
        journal: SqliteJournal | None = None,
        clock: LoopClock | None = None,
    ) -> None:
        self.given = bots or (Given(),)
        self._settings = settings or {}
        self._loop = asyncio.get_running_loop()
        self.clock = clock or LoopClock(self._loop, MIDNIGHT_NS)  # type: ignore[arg-type]
        self.store = store or PaperStore(":memory:")
        self.journal = journal or SqliteJournal.open(":memory:")
        symbols = dict.fromkeys(symbol for one in self.given for symbol in one.symbols)
        self.instruments = {
            Symbol(one): instrument(one, maker_fee=Decimal(0), taker_fee=Decimal(0))
            for one in symbols
        }
        self._exchange, self._balance = exchange, balance
        self.venue = self._venue("sim", self.store)
        others = {one.exchange for one in self.given} - {"sim"}
        self.venues = {name: self._venue(name, PaperStore(":memory:")) for name in others}
        self.venues["sim"] = self.venue
        self.puppets = {one.bot_id: self._puppet(one) for one in self.given}
        self.engine = Engine(
            EngineSettings(name="test", **self._settings),
            clock=self.clock,
            journal=self.journal,
            exchanges=self.venues,
            bots=[self._spec(one) for one in self.given],
            chance=Random(1),
        )
        self.prices: dict[Symbol, Decimal] = {}

    def _venue(self, name: str, store: PaperStore) -> PaperExchange:
        return self._exchange(
            name,
            instruments=list(self.instruments.values()),
            balances={"USDC": Decimal(self._balance)},
            clock=self.clock,
            store=store,
        )

    def _puppet(self, one: Given) -> Puppet:
        mine = {Symbol(symbol): self.instruments[Symbol(symbol)] for symbol in one.symbols}
        puppet = Puppet(one.bot_id, PuppetConfig(symbols=tuple(mine)), mine)
        puppet.wishes = {}
        return puppet

    def _spec(self, one: Given) -> BotSpec:
        traded = self.puppets[one.bot_id].config.symbols
        return BotSpec(
            bot_id=one.bot_id,
            strategy_name="puppet",
            strategy=self.puppets[one.bot_id],
            exchange=one.exchange,
            instruments={symbol: self.instruments[symbol] for symbol in traded},
            limits=one.limits,
            close_on_stop=one.close_on_stop,
            mode=one.mode,
            capital=one.capital,
            leverage=one.leverage,
            margin_mode=one.margin_mode,
        )

    # life

    async def start(self, **prices: str) -> "RiskWorld":
        """A process starts; prices by the base asset."""
        await self.engine.start()
        self._life = asyncio.ensure_future(self.engine.run())
        await self.wait(0.5)
        return await self.tick(**prices)

    async def reborn(self, **changes: Any) -> "RiskWorld":
        """The next process after a `kill -9`: what was in memory is gone, but for the wishes."""
        me = asyncio.current_task()
        while others := [task for task in asyncio.all_tasks() if task is not me]:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        kept: dict[str, Any] = {
            "settings": self._settings,
            "exchange": self._exchange,
            "balance": self._balance,
            "store": self.store,
            "journal": self.journal,
            "clock": self.clock,
        }
        world = RiskWorld(*self.given, **(kept | changes))
        for bot_id, puppet in self.puppets.items():
            world.puppets[bot_id].wishes = dict(puppet.wishes)
        return world

    async def wait(self, seconds: float) -> "RiskWorld":
        """Let time pass without a price."""
        await asyncio.sleep(seconds)
        return self

    async def jump(self, hours: float) -> "RiskWorld":
        """Let hours pass in which nothing happens, not even a price."""
        self.clock.offset_ns += int(hours * HOUR_S * NS_PER_SECOND)
        return await self.wait(2.5)

    async def tick(self, **prices: str) -> "RiskWorld":
        """Prices by the base asset, and their consequences."""
        for asset, price in prices.items():
            symbol = next(one for one in self.instruments if one.startswith(f"{asset}/"))
            self.prices[symbol] = Decimal(price)
            for venue in self.venues.values():
                venue.deliver(Tick(self.clock.now(), symbol, Decimal(price), Decimal(0)))
        return await self.wait(0.2)

    async def path(self, *prices: str, asset: str = "ETH") -> "RiskWorld":
        """Prices of one asset, one a second."""
        for price in prices:
            await self.tick(**{asset: price})
            await self.wait(0.8)
        return self

    async def execute(self, command: Command) -> Outcome:
        """An operator's command and its consequences."""
        outcome = await self.engine.execute(command)
        await self.wait(0.2)
        return outcome

    # what the bots wish

    async def wish(self, *orders: str, of: BotId = A) -> "RiskWorld":
        """Ask for more: each like `add buy 1 50`, `in buy 5` (at the market)."""
        puppet = self.puppets[of]
        for text in orders:
            key, side, quantity, *rest = text.split()
            symbol = next(iter(puppet.config.symbols))
            if len(rest) > 1:
                symbol = next(one for one in puppet.config.symbols if one.startswith(rest[1]))
            puppet.wishes[OrderKey(key)] = DesiredOrder(
                key=OrderKey(key),
                symbol=symbol,
                side=Side(side),
                quantity=Decimal(quantity),
                price=Decimal(rest[0]) if rest and rest[0] != "-" else None,
                type=OrderType.LIMIT if rest and rest[0] != "-" else OrderType.MARKET,
            )
        return await self.ask(of)

    async def forget(self, *keys: str, of: BotId = A) -> "RiskWorld":
        """Wish some orders no more."""
        for key in keys:
            del self.puppets[of].wishes[OrderKey(key)]
        return await self.ask(of)

    async def ask(self, of: BotId = A) -> "RiskWorld":
        """Have a bot asked what it wishes."""
        self.engine.inbox.put(BotDue(of, replan=True))
        return await self.wait(0.2)

    async def trade(self, text: str, of: BotId = A) -> "RiskWorld":
        """A market order and its fill at the price that stands."""
        await self.wish(text, of=of)
        symbol = self.puppets[of].wishes[OrderKey(text.split()[0])].symbol
        asset = symbol.split("/")[0]
        return await self.tick(**{asset: str(self.prices[symbol])})

    # what came of it

    def bot(self, bot_id: BotId = A) -> Bot:
        return self.engine.bots[bot_id]

    def position(self, bot_id: BotId = A) -> Decimal:
        bot = self.bot(bot_id)
        return bot.position(next(iter(bot.instruments)))

    def ladder(self, scope: str = A) -> Ladder:
        """Where a scope stands."""
        if scope in self.engine.bots:
            return self.bot(BotId(scope)).risk.memory.ladder
        return self.engine.risk_desk.ladders[scope]

    def step(self, scope: str = A) -> RiskStep:
        return self.ladder(scope).step

    def told(self, *kinds: str) -> list[Any]:
        """Events of some kinds, oldest first."""
        return self.engine.journal.events(types=list(kinds), limit=-1)

    def steps_told(self, scope: str = A) -> list[tuple[str, str, str]]:
        """Every change of a scope's step: up or down, to which, by which rule."""
        return [
            ("up" if type(event).__name__ == "RiskEscalated" else "down", event.step, event.rule)
            for event in self.told("riskEscalated", "riskCleared")
            if event.scope == scope
        ]

    async def resting(self, bot_id: BotId = A) -> dict[str, str]:
        """What rests at the venue of a bot: key and quantity."""
        found = {}
        for report in await self.venues[self.bot(bot_id).orders.name].open_orders():
            order = self.journal.order(report.client_order_id)
            assert order is not None
            if order.bot_id == bot_id:
                found[str(order.key)] = f"{(order.quantity - order.filled).normalize():f}"
        return found


async def holding(
    *bots: Given, before: tuple[str, ...] = (), start: dict[str, str] | None = None, **more: Any
) -> RiskWorld:
    """Bot a is long 5 at 100, with a buy of 1 that adds and a sell of 2 that reduces resting."""
    world = await RiskWorld(*bots, **more).start(**(start or {"ETH": "100"}))
    await world.path(*before)
    await world.trade("in buy 5")
    await world.wish("add buy 1 50", "exit sell 2 300")
    assert await world.resting() == {"add": "1", "exit": "2"}
    return world


LETS = {
    "all": {"add": "1", "exit": "2", "more": "2", "out": "1"},
    "half": {"add": "1", "exit": "2", "more": "1", "out": "1"},
    "no more": {"add": "1", "exit": "2", "out": "1"},
    "reducing": {"exit": "2", "out": "1"},
    "nothing": {},
}
"""What rests of what `holding` has and of two new wishes, one that adds and one that reduces."""


async def lets(world: RiskWorld, bot_id: BotId = A) -> str:
    """What the law lets through: whether new adding orders, at which size, and reducing ones."""
    await world.wish("more buy 2 40", "out sell 1 290", of=bot_id)
    await world.wait(0.5)
    found = await world.resting(bot_id)
    return next((name for name, resting in LETS.items() if resting == found), str(found))
