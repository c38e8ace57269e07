"""Signs and words of the risk layer: steps, inputs, usage bars."""

from decimal import Decimal

from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.tui.viewmodels.lines import Cell, Line, bar, left, right
from nimbus_tui.tui.viewmodels.risk_board import UNFIT, step_of

STEPS = {
    RiskStep.NORMAL: Cell("●", "gain"),
    RiskStep.WARNING: Cell("▲", "warning"),
    RiskStep.THROTTLE: Cell("◆", "warning"),
    RiskStep.PAUSE: Cell("‖", "loss"),
    RiskStep.STOP: Cell("■", "loss"),
    RiskStep.EMERGENCY: Cell("✗", "loss"),
}
"""The sign and the tone of each step."""
INPUTS = {
    RiskInput.OFF: Cell(" off", "muted"),
    RiskInput.MISSING: Cell("? missing", "loss"),
    RiskInput.STALE: Cell("? stale", "loss"),
    RiskInput.MIXED: Cell("? mixed", "loss"),
    RiskInput.FAILED: Cell("✗ failed", "loss"),
}
"""What stands in the place of the bar where there is nothing to draw one from."""
INPUT_WORDS = {
    RiskInput.OFF: "off: no limit is set",
    RiskInput.MISSING: "its input is MISSING",
    RiskInput.STALE: "its input is STALE",
    RiskInput.MIXED: "its input is MIXED, from different windows or venues",
    RiskInput.FAILED: "the rule itself FAILED",
}
ACTIONS = {
    RiskStep.NORMAL: "trading goes on",
    RiskStep.WARNING: "told; trading goes on",
    RiskStep.THROTTLE: "adding orders at half their size and slower",
    RiskStep.PAUSE: "adding orders cancelled and none placed; reducing ones stay",
    RiskStep.STOP: "all orders cancelled; only you start it again",
    RiskStep.EMERGENCY: "every order of every bot cancelled",
}
"""What holds at each step."""
REFUSING = "⊘"
NOT_MEASURED = Cell(" ·", "muted")
SHARE = 5
"""Room for a usage in percent."""
HUNDRED = Decimal(100)
_MOST = Decimal(999)


def step_cell(step: RiskStep) -> Cell:
    """A step with its sign; normal is quiet."""
    sign = STEPS[step]
    return Cell(f"{sign.text} {step.label}", "muted" if step is RiskStep.NORMAL else sign.tone)


def sign_of(reading: RiskReading) -> Cell:
    """What a reading asks for, in one sign; it is blank at normal."""
    step = step_of(reading)
    if reading.refuses and step < RiskStep.PAUSE:
        return Cell(REFUSING, "loss")
    return STEPS[step] if step else Cell(" ")


def share(usage: Decimal | None) -> str:
    """A usage in percent, rounded down, so that 100 % is never shown before it is reached."""
    if usage is None or usage.is_nan():
        return "–"
    percent = min(max(usage, Decimal(0)), Decimal(10)) * HUNDRED
    if percent > _MOST:
        return ">999%"
    return f"{int(percent)}%"


def usage_bar(reading: RiskReading | None, width: int) -> Line:
    """A reading as sign, bar and percent, or as the word for why there is none."""
    if reading is None:
        return (left(NOT_MEASURED.text, width, NOT_MEASURED.tone),)
    word = INPUTS.get(reading.input)
    if word is not None:
        return (left(word.text, width, word.tone),)
    sign = sign_of(reading)
    drawn = bar(_filled(reading.usage), max(0, width - 1 - SHARE))
    tone = "price" if sign.text == " " else sign.tone
    percent = right(share(reading.usage), SHARE, "plain" if sign.text == " " else sign.tone)
    return (sign, Cell(drawn, tone), percent)


def _filled(usage: Decimal | None) -> float:
    if usage is None or usage.is_nan():
        return 0.0
    return float(min(max(usage, Decimal(0)), Decimal(1)))


def is_unfit(reading: RiskReading) -> bool:
    """Whether a reading's input is not fit to be judged."""
    return reading.input in UNFIT
