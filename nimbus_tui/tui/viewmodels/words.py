"""The signs, words and tones of states, the same on every panel."""

from decimal import Decimal

from nimbus_tui.control.snapshots import BotSnapshot, BotState, Mode
from nimbus_tui.core.order import OrderState, Side
from nimbus_tui.core.panels import RowState, SlotState, StepState
from nimbus_tui.tui.viewmodels.lines import Cell, clean

BOT_STATES = {
    BotState.RUNNING: Cell("● running", "gain"),
    BotState.PAUSED: Cell("‖ paused", "warning"),
    BotState.STOPPING: Cell("◌ stopping", "warning"),
    BotState.STOPPED: Cell("○ stopped", "muted"),
    BotState.FAILED: Cell("✗ failed", "loss"),
    BotState.INITIALIZING: Cell("◌ starting", "muted"),
}

MODES = {
    Mode.PAPER: Cell(" PAPER ", "badge"),
    Mode.TESTNET: Cell(" TESTNET ", "badge"),
    Mode.LIVE: Cell(" LIVE ", "alarm"),
}

MODE_TONES = {Mode.PAPER: "strong", Mode.TESTNET: "warning", Mode.LIVE: "loss"}
"""Of a bot's name, by whose money it moves."""

ROW_STATES = {
    RowState.EMPTY: Cell("· empty", "muted"),
    RowState.WANTED: Cell("◌ wanted", "warning"),
    RowState.WAITING: Cell("◇ waiting", "warning"),
    RowState.HELD: Cell("‖ held back", "warning"),
    RowState.PENDING: Cell("◌ pending", "warning"),
    RowState.RESTING: Cell("● resting", "plain"),
    RowState.PARTIAL: Cell("◐ partial", "price"),
    RowState.CANCELLING: Cell("✗ cancelling", "warning"),
    RowState.UNKNOWN: Cell("? unknown", "loss"),
}

SLOT_STATES = {
    SlotState.DONE: Cell("✓ done", "gain"),
    SlotState.OPEN: Cell("◌ due", "warning"),
    SlotState.NEXT: Cell("▶ next", "price-line"),
    SlotState.LATER: Cell("· later", "muted"),
    SlotState.MISSED: Cell("✗ missed", "warning"),
    SlotState.SKIPPED: Cell("↷ skipped", "muted"),
}

STEP_STATES = {
    StepState.WAITING: Cell("· later", "muted"),
    StepState.IN_PLAY: Cell("▶ in play", "price-line"),
    StepState.FILLED: Cell("✓ filled", "gain"),
}

ORDER_STATES = {
    OrderState.PENDING: Cell("◌ pending", "warning"),
    OrderState.OPEN: Cell("● resting", "plain"),
    OrderState.PARTIALLY_FILLED: Cell("◐ partial", "price"),
    OrderState.FILLED: Cell("✓ filled", "gain"),
    OrderState.CANCELLED: Cell("✗ cancelled", "muted"),
    OrderState.REJECTED: Cell("✗ rejected", "loss"),
    OrderState.EXPIRED: Cell("✗ expired", "muted"),
    OrderState.UNKNOWN: Cell("? unknown", "loss"),
}

SIDES = {Side.BUY: Cell("▲ buy", "buy"), Side.SELL: Cell("▼ sell", "sell")}

CALM_STEP = "normal"
_STEP_TONES = {CALM_STEP: "muted", "warning": "warning", "throttle": "warning"}


def risk_step(step: str) -> Cell:
    """An escalation step; whatever is not normal carries a mark."""
    mark = "" if step == CALM_STEP else "▲ "
    return Cell(f"{mark}{step}", _STEP_TONES.get(step, "loss"))


def state_or_worse(state: BotState, step: str) -> Cell:
    """A bot's state, or its risk step where a running bot is being held by one."""
    if state is BotState.RUNNING and step != CALM_STEP:
        return risk_step(step)
    return BOT_STATES[state]


def market_name(bot: BotSnapshot) -> str:
    """What a bot trades: its symbol, or how many of them."""
    if bot.symbol is not None:
        return clean(bot.symbol)
    return f"{len(bot.symbols)} assets" if bot.symbols else "several"


def filling(state: RowState, filled: Decimal, quantity: Decimal) -> Cell:
    """How an order stands; one that is filled in part tells how far."""
    known = ROW_STATES[state]
    if state is RowState.PARTIAL and quantity:
        return Cell(f"◐ {filled / quantity * 100:.0f} % filled", known.tone)
    return known
