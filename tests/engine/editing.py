"""An engine on a config file that is edited while it runs, in simulated time."""

import os
from decimal import Decimal
from pathlib import Path

from nimbus_tui.bootstrap import simulated
from nimbus_tui.config.document import with_value, without
from nimbus_tui.config.literals import Value
from nimbus_tui.config.loader import load_text
from nimbus_tui.config.model import Config
from nimbus_tui.config_file import ConfigFile
from nimbus_tui.control.commands import Outcome, Result
from nimbus_tui.control.config_change import BotChange, ConfigChange, text_hash
from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import Order, OrderState
from nimbus_tui.core.secret import Secret
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.paper_venues import paper_exchange, paper_settings

SECOND = 1_000_000_000
TEXT = """\
# my bots
[exchanges.sim]
type = "paper"
balances = { USDC = 100_000 }

# the grid
[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC:USDC"
spacing = 0.5      # percent
levels = 3
quote_size = 100
"""
DCA = """
[bots.btc]
strategy = "dca"
exchange = "sim"
symbol = "BTC/USDC"
order_quote = 50
interval = "1m"
max_orders = 10
"""
PRICES = {"ETH/USDC:USDC": "2400", "BTC/USDC": "60000", "SOL/USDC:USDC": "150", "ETH/USDC": "2400"}


def kept(name: str, text: Secret, passphrase: Secret) -> Outcome:
    """A vault that takes everything."""
    return Outcome(Result.DONE, f"{name} is in the vault")


class Editing:
    """One engine, its file and a client of it."""

    def __init__(self, path: Path, text: str = TEXT) -> None:
        self.path = path
        path.write_text(text)
        config = load_text(text, path, builtin_instrument, environment=os.environ)
        self.engine, self._run = simulated(config)
        self.engine.config_desk.source = ConfigFile(config, kept, self.open_paper)
        self.client = LocalClient(self.engine)
        self.clock = self._run.clock
        self.exchange = self._run.exchange
        self.joined: dict[ExchangeName, PaperExchange] = {}

    def open_paper(self, config: Config, name: ExchangeName) -> PaperExchange:
        """A paper exchange in memory, without prices of its own."""
        fills = paper_settings(config, config.papers[name], config.instruments[name].values())
        store = PaperStore(":memory:")
        paper = paper_exchange(config, name, self.clock, store, None, fills)
        paper.settle = self.engine.settle
        self.joined[name] = paper
        return paper

    async def start(self) -> "Editing":
        """Start the engine and let each symbol have its first price."""
        await self.engine.start()
        return await self.tick()

    async def tick(self, symbol: str | None = None, price: str | None = None) -> "Editing":
        """Let a second pass and a price happen, by default every symbol's usual one."""
        ts = self.clock.now() + SECOND
        await self.clock.advance_to(ts, self.engine.settle)
        traded = {one for spec in self.engine.specs.values() for one in spec.instruments}
        prices = {symbol: price} if symbol and price else {s: PRICES[s] for s in sorted(traded)}
        for name, at in prices.items():
            self.exchange.deliver(Tick(ts, name, Decimal(at), Decimal(0)))
            await self.engine.settle()
        return self

    @property
    def text(self) -> str:
        """The file as it is."""
        return self.path.read_text()

    def edited(self, **values: Value | None) -> str:
        """The file's text with keys of the grid changed, or (None) removed."""
        text = self.text
        for key, value in values.items():
            path = ("bots", "eth", *key.split("__"))
            text = without(text, path) if value is None else with_value(text, path, value)
        return text

    async def plan(self, text: str) -> ConfigChange:
        """What saving would do."""
        return await self.client.plan_config(text, text_hash(self.text))

    async def planned(self, text: str, bot_id: str = "eth") -> BotChange:
        """What saving would do to one bot."""
        change = await self.plan(text)
        assert change.problems == ()
        return next(one for one in change.bots if one.bot_id == bot_id)

    async def save(self, text: str) -> Outcome:
        """Save a text over what is there."""
        outcome = await self.client.save_config(text, text_hash(self.text))
        await self.engine.settle()
        return outcome

    def bot(self, bot_id: str = "eth") -> Bot:
        """A hosted bot."""
        return self.engine.bots[BotId(bot_id)]

    def resting(self, bot_id: str = "eth") -> dict[str, tuple[str, Decimal | None, Decimal]]:
        """Live orders by key: side, price and quantity."""
        live = self.bot(bot_id).keeper.live
        return {key: (o.side.value, o.price, o.quantity) for key, o in live.items()}

    async def does_as_told(self, text: str, bot_id: str = "eth") -> BotChange:
        """Save, and see that exactly what was told is cancelled and placed and then rests."""
        before = set(self.bot(bot_id).keeper.live)
        told = await self.does_as_told_at_first(text, bot_id)
        gone = {order.key for order in told.cancels}
        assert set(self.resting(bot_id)) == before - gone | {one.key for one in told.places}
        return told

    async def does_as_told_at_first(self, text: str, bot_id: str = "eth") -> BotChange:
        """Save, and see that exactly what was told is cancelled and placed, fill or not."""
        told = await self.planned(text, bot_id)
        known = {order.client_order_id: order for order in self._orders(bot_id)}
        outcome = await self.save(text)
        assert outcome.result is Result.DONE, outcome
        cancelled, placed = set(), set()
        for order in self._orders(bot_id):
            was = known.get(order.client_order_id)
            if was is None:
                placed.add((order.key, order.side, order.price, order.quantity))
            elif was.is_live and order.state is OrderState.CANCELLED:
                cancelled.add(order.key)
        assert cancelled == {order.key for order in told.cancels}
        assert placed == {(one.key, one.side, one.price, one.quantity) for one in told.places}
        return told

    def _orders(self, bot_id: str) -> list[Order]:
        return self.engine.journal.orders(bot_id=BotId(bot_id), limit=-1)
