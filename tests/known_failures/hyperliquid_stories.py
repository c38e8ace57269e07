"""The production engine on the local Hyperliquid venue, over real sockets, in hurried time."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.events import Event
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import OrderState
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.hyperliquid.adapter import HyperliquidExchange
from nimbus_tui.exchanges.hyperliquid.cloids import client_id_of
from nimbus_tui.exchanges.net.budget import Budgets
from nimbus_tui.journal.sqlite import MEMORY, SqliteJournal
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.strategies.grid import GridStrategy
from nimbus_tui.strategies.grid_levels import GridConfig
from tests.exchanges.hyperliquid.fast_clock import FastClock
from tests.exchanges.hyperliquid.opened import ETH, adapter, until
from tests.exchanges.hyperliquid.server.sdk import MASTER
from tests.exchanges.hyperliquid.server.server import HyperliquidServer
from tests.exchanges.hyperliquid.server.sockets import Line
from tests.known_failures.wisher import Wisher, WisherConfig, Wishes

HYPE = Symbol("HYPE/USDC")
COINS = {ETH: "ETH", Symbol("BTC/USDC:USDC"): "BTC", HYPE: "@1035"}
Make = Callable[[BotId, Instrument], Any]


def grid(bot_id: BotId, traded: Instrument) -> GridStrategy:
    """Three levels a side, 0.5 % apart, 100 USDC each."""
    config = GridConfig(
        symbol=traded.symbol, levels=3, spacing=Decimal("0.5"), quote_size=Decimal(100)
    )
    return GridStrategy(bot_id, config, {traded.symbol: traded})


def wisher(wishes: Wishes) -> Make:
    """A bot that wishes what a test has it wish, asked at every price."""

    def make(bot_id: BotId, traded: Instrument) -> Wisher:
        bot = Wisher(bot_id, WisherConfig(symbol=traded.symbol), {traded.symbol: traded})
        bot.wishes = wishes
        return bot

    return make


class Bot(msgspec.Struct, frozen=True):
    """One bot of a story."""

    make: Make
    bot_id: str = "bot"
    symbol: Symbol = ETH
    limits: RiskLimits = RiskLimits()


class VenueStory:
    """A venue, the adapters and the engine on it, and what has happened."""

    def __init__(self, server: HyperliquidServer, clock: FastClock) -> None:
        self.server = server
        self.clock = clock
        self.exchanges: dict[str, HyperliquidExchange] = {}
        self.links: list[tuple[bool, str]] = []
        self.events: list[Event] = []
        self.troubles: list[str] = []
        self.engine: Engine
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: self.troubles.append(f"{context['message']}: {context}")
        )

    async def begin(self, bots: tuple[Bot, ...], settings: dict[str, Any]) -> None:
        """Put the adapters and the engine together; all adapters share one budget."""
        budgets = Budgets(self.clock)
        specs = []
        for bot in bots:
            market = MarketType.PERPETUAL if ":" in bot.symbol else MarketType.SPOT
            name = market.value
            if name not in self.exchanges:
                one = adapter(
                    self.server, name=name, clock=self.clock, budgets=budgets, market=market
                )
                one.subscribe_link(lambda is_up, reason: self.links.append((is_up, reason)))
                await one.connection.learn()
                self.exchanges[name] = one
            listing = self.exchanges[name].connection.known.listing(bot.symbol)
            assert listing is not None
            specs.append(
                BotSpec(
                    bot_id=BotId(bot.bot_id),
                    strategy_name="told",
                    strategy=bot.make(BotId(bot.bot_id), listing.instrument),
                    exchange=name,  # type: ignore[arg-type]
                    instruments={bot.symbol: listing.instrument},
                    limits=bot.limits,
                )
            )
        self.engine = Engine(
            EngineSettings(name="test", **settings),
            clock=self.clock,
            journal=SqliteJournal.open(MEMORY),
            exchanges=self.exchanges,  # type: ignore[arg-type]
            bots=specs,
            chance=Random(1),
        )
        self.engine.bus.subscribe(self.events.append)

    async def live(self) -> None:
        """The engine's life."""
        await self.engine.start()
        await self.engine.run()

    # the story

    async def move(self, price: str, symbol: Symbol = ETH, **more: Any) -> None:
        """Let a market trade."""
        await self.server.move(COINS[symbol], Decimal(price), **more)

    async def wait(self, seconds: float) -> None:
        """Let time pass, hurried."""
        await self.clock.sleep(seconds)

    async def caught_up(self) -> None:
        """Until all that the venue has said was taken in: answers come in order."""
        for one in self.exchanges.values():
            answered = asyncio.Event()
            question = b'{"type":"exchangeStatus"}'
            _, text = one.connection.session.post("info", question, lambda _: answered.set())  # noqa: B023
            await one.connection.link.send(text)
            await asyncio.wait_for(answered.wait(), 20)

    # what has come of it

    @property
    def account(self) -> Any:
        """The account as the venue knows it."""
        return self.server.account(MASTER)

    def bot(self, bot_id: str = "bot") -> Any:
        """A bot as the engine knows it."""
        return self.engine.bots[BotId(bot_id)]

    def sent_keys(self) -> Counter[str]:
        """How many orders the venue has ever had under each key."""
        orders = (self.engine.journal.order(client_id_of(o.cloid)) for o in self.account.orders)
        return Counter(f"{order.bot_id} {order.key}" for order in orders if order is not None)

    def position(self, symbol: Symbol = ETH) -> Decimal:
        """What the bots say they hold."""
        bots = [one for one in self.engine.bots.values() if symbol in one.instruments]
        return sum((one.position(symbol) for one in bots), Decimal(0))

    def truth(self, symbol: Symbol = ETH) -> Decimal:
        """What the venue says was traded."""
        coin = COINS[symbol]
        rows = [row for row in self.account.fills if row["coin"] == coin]
        signs = {"B": 1, "A": -1}
        return sum((Decimal(row["sz"]) * signs[row["side"]] for row in rows), Decimal(0))

    def resting(self) -> dict[str, Decimal]:
        """What rests at the venue: our id and the price."""
        return {client_id_of(one.cloid): one.px for one in self.account.open_orders}

    def told(self, kind: type[Any]) -> list[Any]:
        """Events of one kind, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]

    def agrees(self) -> bool:
        """Whether both ends say the same of what rests and of what is held."""
        live = [order for bot in self.engine.bots.values() for order in bot.keeper.live.values()]
        same = {order.client_order_id for order in live} == set(self.resting())
        sure = all(order.state is not OrderState.UNKNOWN for order in live)
        return same and sure and all(self.position(s) == self.truth(s) for s in COINS)

    async def ends_well(self) -> None:
        """Nothing is lost, doubled or unknown, no rule is broken, and nothing failed."""
        await until(self.agrees)
        assert self.server.audit.violations == [], self.server.audit.violations
        assert self.troubles == []
        assert [event for event in self.events if type(event).__name__ == "Error"] == []


@asynccontextmanager
async def trading(*bots: Bot, **settings: Any) -> AsyncIterator[VenueStory]:
    """An engine that trades, once it has found in step with the venue."""
    clock = FastClock()
    async with HyperliquidServer(clock=clock) as server:
        server.fund(MASTER, 100_000, spot={"USDC": Decimal(100_000)})
        await server.move("ETH", Decimal(2400))
        story = VenueStory(server, clock)
        await story.begin(bots, settings)
        life = asyncio.ensure_future(story.live())
        try:
            await until(lambda: story.engine.state == "running" or life.done())
            if life.done():
                life.result()
            yield story
        finally:
            life.cancel()
            ended = await asyncio.gather(life, return_exceptions=True)
            await story.engine.stop()
        assert isinstance(ended[0], asyncio.CancelledError), ended


class HeldFrames:
    """The first frame of each kind is held back at the venue until it is let go."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.holds: Callable[[str], bool] = lambda _: False
        self.letters: dict[str, Callable[[], None]] = {}
        self._seen: set[str] = set()
        honest = Line.tell

        def tell(line: Line, frame: dict[str, Any] | str) -> None:
            name = called(frame)
            if name and self.holds(name) and name not in self._seen:
                self._seen.add(name)
                self.letters[name] = partial(honest, line, frame)
            else:
                honest(line, frame)

        patch.setattr(Line, "tell", tell)

    def deliver(self, name: str) -> None:
        """Let a frame arrive, if there was one."""
        self.letters.pop(name, lambda: None)()


def called(frame: dict[str, Any] | str) -> str:
    """What a frame tells of an order; empty if nothing."""
    try:
        told = json.loads(frame) if isinstance(frame, str) else frame
    except ValueError:
        return ""
    match told:
        case {"channel": "post", "data": {"response": {"type": "action", "payload": payload}}}:
            return "answer" if payload["response"]["type"] == "order" else "cancel answer"
        case {"channel": "orderUpdates", "data": [{"status": status}, *_]}:
            return "open" if status == "open" else "end"
        case {"channel": "userFills", "data": {"fills": [_, *_]}}:
            return "fill"
        case _:
            return ""
