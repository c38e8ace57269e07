"""What is told beside the screen: the window's title, and what is bad enough to ring for."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from nimbus_tui.control.snapshots import BotSnapshot, BotState, EngineSnapshot, Mode
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.tui.viewmodels.lines import clean, cut, signed
from nimbus_tui.tui.viewmodels.words import CALM_STEP

TITLE_WIDTH = 80
_BAD = frozenset(step.label for step in RiskStep if step >= RiskStep.PAUSE)
_MODES = {Mode.PAPER: "paper", Mode.TESTNET: "TESTNET", Mode.LIVE: "LIVE"}


def window_title(engine: EngineSnapshot | None, bots: Sequence[BotSnapshot], name: str) -> str:
    """Whose window it is, what today brought, and how risky it is, worst first."""
    if engine is None:
        return cut(f"nimbus {clean(name)}", TITLE_WIDTH)
    counted = [bot for bot in bots if bot.quote == engine.currency and bot.mode is engine.mode]
    today, _ = signed(sum((bot.pnl_today for bot in counted), Decimal(0)))
    trouble = "EMERGENCY · " if engine.emergency else ""
    if not trouble and engine.risk != CALM_STEP:
        trouble = f"▲ {clean(engine.risk)} · "
    money = f"{today} {clean(engine.currency)} today"
    return cut(f"{trouble}nimbus {clean(name)} {_MODES[engine.mode]} {money}", TITLE_WIDTH)


def troubles(engine: EngineSnapshot | None, bots: Iterable[BotSnapshot]) -> dict[str, str]:
    """What stands at pause or worse, or has failed, as sentences; the keys tell one from another.

    A pause by the operator is no trouble.
    """
    found = {}
    if engine is not None:
        if engine.emergency:
            found["engine emergency"] = f"EMERGENCY: {clean(engine.emergency)}"
        elif engine.risk in _BAD:
            found[f"engine {engine.risk}"] = f"the engine's risk is at {clean(engine.risk)}"
        if engine.state == "failed":
            found["engine failed"] = "the engine has failed: nothing is traded"
    for bot in bots:
        if bot.state is not BotState.FAILED and bot.risk not in _BAD:
            continue
        name, why = clean(bot.bot_id), f": {clean(bot.reason)}" if bot.reason else ""
        if bot.state is BotState.FAILED:
            found[f"bot {name} failed"] = f"{name} has failed{why}"
        else:
            found[f"bot {name} {bot.risk}"] = f"{name}'s risk is at {clean(bot.risk)}{why}"
    return found
