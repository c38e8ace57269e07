"""What every bot offers, and the part of it that all bots share."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from nimbus_tui.accounting.cycles import Cycle
from nimbus_tui.core.events import Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import Order
from nimbus_tui.core.panels import Panel
from nimbus_tui.core.plan import Plan, View
from nimbus_tui.core.preview import Preview

INTERFACE = 1
"""Number of the interface below; it rises when a strategy written for the old one can't run."""


class StrategyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a strategy's parameters; attribute docstrings become labels and help."""


class StrategyState(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what a strategy remembers; the journal keeps it beside each fill it has absorbed."""


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong with a config: the key, and a sentence with what is allowed."""

    key: str
    message: str


PlainValue = Decimal | int | float | str | None
"""A figure."""

StatisticValue = PlainValue | list[dict[str, PlainValue]]
"""A figure, or a short table: one dictionary a row."""

ConfigT = TypeVar("ConfigT", bound=StrategyConfig)
StateT = TypeVar("StateT", bound=StrategyState)


class BaseTradingStrategy(Generic[ConfigT, StateT]):
    """A bot's decisions. Pure: no clock, no chance, no I/O; time comes with fills, prices, views.

    A subclass sets `Config` and `State`, gives a first state in `initial_state`, answers
    `plan`; the rest has defaults. Everything it must remember lives in `self.state`, which the
    engine journals in the same transaction as the fill that changed it.
    """

    interface: ClassVar[int] = INTERFACE
    """The interface that the class is written for; a package of its own says `interface = 1`."""
    Config: ClassVar[type[StrategyConfig]]
    State: ClassVar[type[StrategyState]]
    risk_shorthands: ClassVar[frozenset[str]] = frozenset(
        {"stop_loss", "take_profit", "stop_loss_price", "take_profit_price"}
    )
    """Parameters that stand for the risk limit of the same name, where `Config` has them."""
    own_cycles: ClassVar[bool] = False
    """Whether the strategy says itself which results have closed, by `close_cycle`; else a cycle is
    a symbol's position from flat to flat."""
    symbols_key: ClassVar[str] = "symbol"
    """The parameter that the symbols come from: problems with them are told of this key."""

    config: ConfigT
    state: StateT

    def __init__(
        self, bot_id: BotId, config: ConfigT, instruments: Mapping[Symbol, Instrument]
    ) -> None:
        self.bot_id = bot_id
        self.config = config
        self.instruments: Mapping[Symbol, Instrument] = MappingProxyType(dict(instruments))
        self._events: list[Event] = []
        self._cycles: list[Cycle] = []
        self.state = self.initial_state()

    # what a subclass says

    def initial_state(self) -> StateT:
        """The state of a bot that has never run."""
        raise NotImplementedError(f"{type(self).__name__} must give a first state")

    def plan(self, view: View) -> Plan:
        """Which orders should rest now, and when to ask again."""
        raise NotImplementedError(f"{type(self).__name__} must answer plan()")

    @classmethod
    def symbols(cls, config: Any) -> tuple[Symbol, ...]:
        """The symbols that a bot with this config trades."""
        return (Symbol(config.symbol),)

    @classmethod
    def validate(cls, config: Any, instruments: Mapping[Symbol, Instrument]) -> Sequence[Problem]:
        """What is wrong with a config beyond its types; `instruments` are those known."""
        return ()

    @classmethod
    def required_capital(
        cls,
        config: Any,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
    ) -> Decimal:
        """The most quote that the plan can commit; a bot's default capital."""
        return Decimal(0)

    @classmethod
    def preview(
        cls,
        config: Any,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
        now: int,
        capital: Decimal | None = None,
    ) -> Preview:
        """What a bot with this config would do if it started now (ns) at these prices.

        `capital` is the one that its config gives; None: what `required_capital` says.
        """
        return Preview()

    def wanted_claim(self, view: View) -> Mapping[Symbol, Decimal]:
        """What of the account's unowned holdings the bot takes over at its creation."""
        return {}

    # the life of a bot

    def initialize(self, saved_state: bytes | None) -> None:
        """Take up the journalled state, or the first one."""
        self._cycles = []
        self.state = (
            self.initial_state()
            if saved_state is None
            else msgspec.json.decode(saved_state, type=self.State)  # type: ignore[assignment]
        )

    def start(self) -> None:
        """Begin a fresh plan: at the first start and at a start after a stop, not at a restart.

        Running counters, cycle numbers and inventory stay; base, schedule and deal begin anew.
        """

    def stop(self) -> None:
        """The operator or a rule has stopped the bot; its orders are being cancelled."""

    def handle_order_fill(self, fill: Fill) -> None:
        """Absorb one execution of an order of this bot into the state.

        `fill.fee_quote` is the fee's worth in quote; `accounting.fees` tells what is received.
        """

    def handle_order_end(self, order: Order) -> None:
        """An order has ended with a part filled and a part not: its key is spent."""

    def likely_keys(self) -> Iterable[OrderKey]:
        """Keys that may have been used after the state was last saved.

        A power cut can take the journal's newest entries; orders sent meanwhile are found again
        under these, also when the next plan no longer asks for them.
        """
        return ()

    def recall(self, key: OrderKey) -> None:
        """An order under one of these keys exists: never use the key again."""

    def handle_price_update(self, price: Quote) -> None:
        """A wake band was left; not called on every tick."""

    def look(self, view: View) -> None:
        """How things stand, before what is shown is asked for; nothing may be decided here."""

    def get_state(self) -> Panel | None:
        """The rows of the bot's panel; order states are filled in by the engine."""
        return None

    def get_statistics(self) -> Mapping[str, StatisticValue]:
        """Figures of this strategy beyond those that every bot has."""
        return {}

    def update_config(self, config: ConfigT) -> None:
        """Go on under new parameters."""
        self.config = config

    # for the engine

    def saved_state(self) -> bytes:
        """What `initialize` takes."""
        return msgspec.json.encode(self.state)

    def announce(self, event: Event) -> None:
        """Tell the world what the strategy did, e.g. that the grid has moved."""
        self._events.append(event)

    def take_events(self) -> list[Event]:
        """What was announced since the last call."""
        events, self._events = self._events, []
        return events

    def close_cycle(self, cycle: Cycle) -> None:
        """While absorbing a fill: a result has closed. Only with `own_cycles`."""
        self._cycles.append(cycle)

    def take_cycles(self) -> list[Cycle]:
        """What was closed since the last call."""
        cycles, self._cycles = self._cycles, []
        return cycles
