"""Inputs of the rules, made short: one bot, one account, the engine."""

from decimal import Decimal
from typing import Any

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.risk import RiskInput
from nimbus_tui.risk.equity_track import began
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.risk.reading import Verdict, read
from nimbus_tui.risk.states import (
    AccountInputs,
    BookState,
    BotInputs,
    EngineInputs,
    Holding,
    Input,
    PositionState,
    StrategyState,
)
from nimbus_tui.risk.table import BY_NAME

SYMBOL = Symbol("ETH/USDC:USDC")
MARKS = "marks of sim"
NOW = 1_000_000 * 86_400 // 50 * NS_PER_SECOND
"""Midnight UTC of a day."""


def number(value: str | None, quality: RiskInput = RiskInput.GOOD, source: str = MARKS) -> Input:
    given = None if value is None else Decimal(value)
    return Input(value=given, source=source, age_ms=20, quality=quality)


def holding(quantity: str = "1", mark: str | None = "100", **changes: Any) -> Holding:
    terms: dict[str, Any] = {
        "bot_id": BotId("eth"),
        "symbol": SYMBOL,
        "quantity": Decimal(quantity),
        "mark": number(mark),
    }
    return Holding(**(terms | changes))


def position(
    quantity: str = "1", mark: str | None = "100", cost: str | None = "100", **changes: Any
) -> PositionState:
    terms: dict[str, Any] = {
        "holding": holding(quantity, mark),
        "average_cost": None if cost is None else Decimal(cost),
        "opened_ns": NOW,
    }
    return PositionState(**(terms | changes))


def bot(*positions: PositionState, **changes: Any) -> BotInputs:
    terms: dict[str, Any] = {
        "bot_id": BotId("eth"),
        "now_ns": NOW,
        "positions": positions,
        "strategy": results("10000"),
    }
    return BotInputs(**(terms | changes))


def results(equity: Input | str | None, start: str = "10000", **changes: Any) -> StrategyState:
    terms: dict[str, Any] = {
        "equity": equity if isinstance(equity, Input) else number(equity),
        "track": began(Decimal(start), NOW, MARKS),
    }
    return StrategyState(**(terms | changes))


def book(equity: str | None, *holdings: Holding, **changes: Any) -> BookState:
    return BookState(equity=number(equity, **changes), holdings=holdings)


def account(equity: str | None, *holdings: Holding, **changes: Any) -> AccountInputs:
    terms: dict[str, Any] = {
        "exchange": ExchangeName("sim"),
        "now_ns": NOW,
        "book": book(equity, *holdings),
    }
    return AccountInputs(**(terms | changes))


def engine(equity: str | None, *holdings: Holding, **changes: Any) -> EngineInputs:
    return EngineInputs(**({"now_ns": NOW, "book": book(equity, *holdings)} | changes))


def said(rule: str, inputs: Any, limits: Any = None) -> Verdict:
    return read(BY_NAME[rule], inputs, RiskLimits() if limits is None else limits)
