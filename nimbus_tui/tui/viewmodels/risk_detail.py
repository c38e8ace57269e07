"""One reading in full: both numbers, window, source, age, what it does, what is missing."""

from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.tui.viewmodels.frame import Picture, fact, flowed
from nimbus_tui.tui.viewmodels.lines import Cell, Line, age, clean, heading, paragraphs
from nimbus_tui.tui.viewmodels.risk_board import Board, step_of
from nimbus_tui.tui.viewmodels.risk_ladder import standing_facts
from nimbus_tui.tui.viewmodels.risk_rules import Rule, figure
from nimbus_tui.tui.viewmodels.risk_table import Focus
from nimbus_tui.tui.viewmodels.risk_words import (
    ACTIONS,
    INPUT_WORDS,
    is_unfit,
    share,
    sign_of,
    step_cell,
)

_EVERYTHING = "everything"
"""How a reading names all orders that add."""


def detail(board: Board, focus: Focus, now_ns: int, width: int) -> Picture:
    """The cell in focus, and below it where its scope stands."""
    rule = board.rules[min(max(focus.row, 0), len(board.rules) - 1)]
    reading = board.reading(focus.scope, rule)
    note: Line = () if reading is None else (step_cell(step_of(reading)), Cell(" "))
    top = heading(f"{rule.label} of {focus.scope}", width, note)
    stand = standing_facts(focus.scope, board.standings.get(focus.scope), now_ns)
    if reading is None:
        told: list[Line] = [(Cell(" this rule is not measured here", "muted"),)]
    else:
        several = len(board.readings(focus.scope, rule))
        told = _told(reading, rule, board.elapsed_ms(now_ns), width)
        if several > 1:
            told.append((Cell(f" the worst of {several} readings is shown", "muted"),))
    return Picture((top,), (*told, *flowed(stand, width - 1)))


def _told(reading: RiskReading, rule: Rule, elapsed_ms: int, width: int) -> list[Line]:
    if reading.input is RiskInput.OFF:
        off: Line = (Cell(f" {INPUT_WORDS[RiskInput.OFF]}", "muted"),)
        return [off, *paragraphs(reading.detail, width - 2, "muted")]
    facts = [*_alarms(reading), *_numbers(reading, rule), *_origin(reading, elapsed_ms)]
    lines = flowed(facts, width - 1)
    tone = "warning" if is_unfit(reading) or reading.step else "plain"
    return [*lines, *paragraphs(reading.detail, width - 2, tone)]


def _alarms(reading: RiskReading) -> list[Line]:
    if is_unfit(reading):
        words = f"? {INPUT_WORDS[reading.input]}: counts as a pause, nothing is sold for it"
        return [(Cell(words, "loss"),)]
    if reading.refuses:
        sign, what = sign_of(reading).text, clean(reading.refuses)
        whose = "all orders that add" if what == _EVERYTHING else f"orders that add to {what}"
        return [(Cell(f"{sign} refuses {whose}", "loss"),)]
    return []


def _numbers(reading: RiskReading, rule: Rule) -> list[Line]:
    measured = figure(reading.measured, rule.unit)
    limit = figure(reading.limit, rule.unit)
    facts = [fact("measured", Cell(measured, "strong"), Cell(" of ", "muted"), Cell(limit))]
    if not is_unfit(reading):
        facts.append(fact("usage", Cell(share(reading.usage).replace("%", " %"), "strong")))
    return facts


def _origin(reading: RiskReading, elapsed_ms: int) -> list[Line]:
    facts: list[Line] = []
    if reading.window:
        facts.append(fact("window", Cell(clean(reading.window))))
    if reading.source:
        facts.append(fact("from", Cell(clean(reading.source))))
    if reading.age_ms is not None:
        words, tone = age(reading.age_ms + elapsed_ms)
        facts.append(fact("age", Cell(words, tone)))
    step = step_of(reading)
    if step is not RiskStep.NORMAL:
        facts.append(fact("now", Cell(ACTIONS[step])))
    return facts
