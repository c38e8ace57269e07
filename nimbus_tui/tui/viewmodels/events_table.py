"""The journal's events as a table."""

from collections.abc import Mapping
from enum import Enum

from nimbus_tui.core import events as ev
from nimbus_tui.core.codec import to_plain
from nimbus_tui.core.events import AnyEvent, Event, event_type
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.tui.viewmodels.happenings import describe
from nimbus_tui.tui.viewmodels.lines import Cell, clean, clock, left, moment, right
from nimbus_tui.tui.viewmodels.table import Column, Context, Table


class Severity(Enum):
    """How much of an eye an event needs."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


SIGNS = {
    Severity.ERROR: Cell("✗ error", "loss"),
    Severity.WARNING: Cell("▲ warning", "warning"),
    Severity.INFO: Cell("· info", "muted"),
}
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_ERRORS = (
    ev.Error, ev.Disconnected, ev.StopLossTriggered, ev.CircuitBreakerActivated,
)  # fmt: skip
_WARNINGS = (ev.Warning, ev.PositionLimitWarning, ev.Paused, ev.Stopped)
_STEPS = {step.label: step for step in RiskStep}
_NOISE = ("priceUpdate", "positionUpdate", "balanceUpdate")
"""Kinds that come with every fill: shown only when they are asked for."""

KINDS = tuple(
    str(kind.__struct_config__.tag) for kind in AnyEvent.__args__
)  # fmt: skip
"""Every kind of event by its fixed name."""
QUIET_KINDS = tuple(kind for kind in KINDS if kind not in _NOISE)
TROUBLE_KINDS = tuple(
    kind for kind in QUIET_KINDS
    if kind in {
        "error", "disconnected", "stopLossTriggered", "circuitBreakerActivated", "warning",
        "positionLimitWarning", "paused", "stopped", "riskEscalated", "orderRejected",
    }
)  # fmt: skip
"""Kinds that can be more severe than an information."""


def severity(event: Event) -> Severity:
    """How much of an eye an event needs; a risk step counts from pause on as an error."""
    match event:
        case ev.RiskEscalated(step=step):
            worst = _STEPS.get(step, RiskStep.NORMAL) >= RiskStep.PAUSE
            return Severity.ERROR if worst else Severity.WARNING
        case ev.OrderRejected(passing=passing):
            return Severity.WARNING if passing else Severity.ERROR
        case _ if isinstance(event, _ERRORS):
            return Severity.ERROR
        case _ if isinstance(event, _WARNINGS):
            return Severity.WARNING
        case _:
            return Severity.INFO


def _time(event: Event, width: int, context: Context) -> Cell:
    return left(f"{moment(event.ts, context.now_ns)[:6]} {clock(event.ts)}", width, "muted")


def _severity(event: Event, width: int, _: Context) -> Cell:
    cell = SIGNS[severity(event)]
    return left(cell.text, width, cell.tone)


def _what(event: Event, width: int, _: Context) -> Cell:
    told = describe(event)
    return left(told.text, width, told.tone)


def _facets(event: Event) -> Mapping[str, str]:
    return {
        "bot": event.bot_id or "engine",
        "type": event_type(event),
        "severity": severity(event).value,
    }


EVENTS: Table[Event] = Table(
    name="events",
    columns=(
        Column("time", 15, 0, _time, lambda e: e.ts),
        Column("bot", 12, 1, lambda e, w, _: left(e.bot_id or "engine", w, "strong"),
               lambda e: e.bot_id or "", most=14),
        Column("severity", 9, 2, _severity, lambda e: _RANK[severity(e)]),
        Column("type", 18, 3, lambda e, w, _: left(event_type(e), w, "muted"), event_type,
               most=24),
        Column("what happened", 24, 0, _what, lambda e: describe(e).text, most=300),
        Column("number", 8, 4, lambda e, w, _: right(str(e.seq), w, "muted"), lambda e: e.seq,
               is_number=True),
    ),
    identity=lambda e: str(e.seq),
    facets=_facets,
    words=lambda e: f"{e.bot_id or 'engine'} {event_type(e)} {clean(describe(e).text)}",
    bot=lambda e: e.bot_id,
    plain=to_plain,
    title=lambda e: f"event {e.seq}: {event_type(e)}",
)  # fmt: skip
