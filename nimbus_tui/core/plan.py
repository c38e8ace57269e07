"""A strategy's answer: which orders should rest, and until when not to ask again."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import Asset, OrderKey, Symbol
from nimbus_tui.core.order import DesiredOrder

Band = tuple[Decimal | None, Decimal | None]
"""(below, above): wake when price ≤ below or price ≥ above; None = never on that side."""
NO_BAND: Band = (Decimal(0), Decimal(0))
"""The band that holds no price."""


class Wake(msgspec.Struct, frozen=True):
    """Don't ask again before one of these happens, or one of my orders fills.

    `bands` by symbol; `at` is a time in ns; `settled` asks again as soon as no order of the bot is
    live any more (every cancel final), at once if that is so already.
    """

    bands: Mapping[Symbol, Band] = msgspec.field(default_factory=dict)
    at: int | None = None
    settled: bool = False


class Plan(msgspec.Struct, frozen=True):
    """All orders that should rest now. What is not in it gets cancelled."""

    orders: tuple[DesiredOrder, ...] = ()
    wake: Wake = msgspec.field(default_factory=Wake)


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy may look at when it plans."""

    now: int
    """Engine clock, ns."""
    prices: Mapping[Symbol, Decimal]
    """The newest price of each symbol that has one."""
    live: frozenset[OrderKey]
    """Keys of the bot's orders that may still rest, also while unknown or being cancelled."""
    positions: Mapping[Symbol, Decimal]
    """The bot's own signed position per symbol: what its fills (and claims) add up to."""
    cash: Mapping[Asset, Decimal]
    """What the bot still has of its capital per quote asset, nothing subtracted for open orders."""
    unowned: Mapping[Asset, Decimal] = msgspec.field(default_factory=dict)
    """The account's balance that belongs to no bot; what a claim may take."""
    may_add: bool = True
    """Whether orders that add exposure would get through; not while the bot is paused."""


class ReviewedPlan(msgspec.Struct, frozen=True):
    """What the risk gate let through; the only thing that reconcile accepts.

    `held_back` names what was dropped or trimmed and the rule that did it.
    """

    orders: tuple[DesiredOrder, ...] = ()
    held_back: Mapping[OrderKey, str] = msgspec.field(default_factory=dict)
