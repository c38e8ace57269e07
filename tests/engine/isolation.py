"""Answers for a strategy that misbehaves, well formed unless said otherwise."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nimbus_tui.core.order import DesiredOrder, Side
from nimbus_tui.core.panels import LadderRow
from tests.engine.neighbours import BTC


def giving(answer: object) -> Callable[[], Any]:
    return lambda: answer


def order(**changes: Any) -> DesiredOrder:
    fields: dict[str, Any] = {
        "key": "odd/x",
        "symbol": BTC,
        "side": Side.BUY,
        "quantity": Decimal("0.01"),
        "price": Decimal(1990),
    }
    return DesiredOrder(**(fields | changes))


def row(**changes: Any) -> LadderRow:
    fields = {"level": 1, "price": Decimal(1), "offset_percent": Decimal(1)}
    return LadderRow(**(fields | changes))
