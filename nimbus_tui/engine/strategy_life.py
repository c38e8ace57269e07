"""How a strategy lives: taken up, begun, fed its fills, woken after a fault, told of a change."""

from contextlib import suppress

import msgspec

from nimbus_tui.core.events import ConfigChanged
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.engine.bot_side import BotSide
from nimbus_tui.strategies.base import StrategyConfig


class StrategyLife:
    """The life of one bot's strategy, from its journalled state on."""

    def __init__(self, bot: BotSide) -> None:
        self._bot = bot
        self._guard = bot.guard
        self._ledger = bot.ledger
        self.keys_at_start: tuple[OrderKey, ...] = tuple(bot.keeper.live)
        """Keys of the orders that the journal takes for live: it may have lost later tries."""
        self.likely_keys: tuple[OrderKey, ...] = ()
        """Keys of orders that the journal may have lost, as the state was before any fill came."""

    @property
    def can_be_asked(self) -> bool:
        """Whether the strategy is up and doesn't rest after a fault."""
        return self._guard.is_up and not self._guard.is_frozen

    def take_up(self, wanted: bytes) -> None:
        """Go on where the journal stands, under the parameters of now."""
        self.revive()
        if self._ledger.record.config != wanted:
            self._adopt_config(wanted)

    def revive(self) -> None:
        """Let the strategy go on from its journalled state, and tell it what it has missed."""
        self._guard.initialize(self._ledger.record.strategy_state)
        if not self.likely_keys:
            self.likely_keys = self._guard.likely_keys()
        self.feed()
        owes_start = self._ledger.saved.start_owed and not self._bot.standing.is_stopped
        if owes_start and self.can_be_asked:
            self.start()

    def revive_if_due(self) -> bool:
        """Wake a strategy that raised from its last good state once its rest is over."""
        if not self._guard.rest_is_over:
            return False
        self.revive()
        return not self._guard.is_frozen

    def start(self) -> None:
        """Let the strategy begin a fresh plan; one that raises owes that until it can."""
        self._ledger.change_saved(start_owed=True)
        if not self._guard.is_up:
            self._guard.initialize(self._ledger.record.strategy_state)
            self.feed()
        if self.can_be_asked and self._guard.tell(self._bot.strategy.start):
            self._ledger.change_saved(start_owed=False)

    def open_books(self, now: int) -> bool:
        """Begin the books at the first prices: the capital is what the plan can commit.

        Returns whether they are open; not while the strategy can't say what it needs.
        """
        bot, ledger = self._bot, self._ledger
        if not self.can_be_asked or ledger.record.state == "failed":
            return False
        capital = ledger.record.capital or self._guard.required_capital(bot.marks())
        if capital is None:
            return False
        marks = bot.marks()
        ledger.begin(capital, marks, now)
        for symbol, quantity in self._guard.wanted_claim(bot.view()).items():
            ledger.claim(symbol, quantity, marks[symbol], now)
        self.start()
        bot.standing.opened()
        return True

    def feed(self) -> None:
        """Give the strategy each fill that its state has not absorbed yet, in order."""
        if not self.can_be_asked:
            return
        for fill in self._ledger.unabsorbed():
            if not self._absorbs(fill):
                return

    def _absorbs(self, fill: Fill) -> bool:
        if not self._guard.tell(lambda: self._bot.strategy.handle_order_fill(fill)):
            return False
        self._ledger.absorbed(self._guard.cycles)
        self._bot.announce()
        return True

    def recall(self, key: OrderKey) -> None:
        """Tell the strategy of an order that its state doesn't know."""
        self._guard.tell(lambda: self._bot.strategy.recall(key))
        self._ledger.touch()

    def _adopt_config(self, wanted: bytes) -> None:
        """Tell the strategy of the change from the journalled parameters to those of now."""
        strategy = self._bot.strategy
        now = strategy.config
        with suppress(msgspec.MsgspecError):  # an older version's parameters: no way to compare
            strategy.config = msgspec.json.decode(self._ledger.record.config, type=type(now))
        self.change_config(now, wanted)

    def change_config(self, config: StrategyConfig, wanted: bytes) -> None:
        """Go on under other parameters, `wanted` in JSON; the strategy knows what that changes."""
        strategy = self._bot.strategy
        before = strategy.config
        keys = tuple(
            field
            for field in config.__struct_fields__
            if getattr(before, field) != getattr(config, field)
        )
        self._guard.tell(lambda: strategy.update_config(config))
        strategy.config = config
        self._ledger.change_record(config=wanted)
        self._bot.publish(ConfigChanged(keys=keys))
