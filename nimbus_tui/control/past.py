"""What a client sees of an engine at a past moment, and where it may jump from there."""

import msgspec

from nimbus_tui.control.snapshots import BotDetail, BotSnapshot
from nimbus_tui.core.events import AnyEvent


class PastMoment(msgspec.Struct, frozen=True, kw_only=True):
    """The bots as they were after an event, at the prices of that moment.

    The bots that the event concerned are exact to the last figure. The others are as they were at
    their own last event with price, position, PnL and equity of the moment; their statistics and
    the distances on their panels are of that event.
    """

    seq: int
    """The event; 0 before the first."""
    ts: int
    """The moment in ns: the event's, or the time that was asked for."""
    risk: str
    """The strictest step that held for any bot."""
    bots: tuple[BotSnapshot, ...]
    """By name."""
    detail: BotDetail | None
    """The focused bot's panel, live orders and fills, if it was there."""
    events: tuple[AnyEvent, ...]
    """The events around, oldest first."""
    risk_events: tuple[AnyEvent, ...] = ()
    """The newest changes of risk by then, oldest first."""


class Jump(msgspec.Struct, frozen=True):
    """An event to go to."""

    seq: int
    ts: int


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """How far the past reaches, and the nearest events of note on both sides of one."""

    first: Jump | None
    last: Jump | None
    previous: Jump | None
    next: Jump | None
    previous_fill: Jump | None
    next_fill: Jump | None
    previous_risk: Jump | None
    """A change of a risk step, a pause, a stop or what lifted it."""
    next_risk: Jump | None
    previous_error: Jump | None
    next_error: Jump | None


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """Where something of note happened in a stretch of time that was divided evenly."""

    since_ns: int
    until_ns: int
    parts: int
    fills: tuple[int, ...] = ()
    """The parts with a fill, counted from 0."""
    risks: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()
