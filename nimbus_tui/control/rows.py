"""Snapshots as the JSON shapes that scripts rely on."""

from typing import Any

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import Order
from nimbus_tui.core.risk import RiskReading

BOT_KEYS = (
    "bot_id", "strategy", "exchange", "mode", "symbol", "state", "risk", "price", "position",
    "average_cost", "realized_pnl", "unrealized_pnl", "fees", "equity", "round_trips",
    "open_orders", "statistics", "since",
)  # fmt: skip


def bot_row(bot: BotSnapshot) -> dict[str, Any]:
    """One bot."""
    return {key: getattr(bot, key) for key in BOT_KEYS}


def risk_row(reading: RiskReading) -> dict[str, Any]:
    """One rule's reading."""
    keys = ("scope", "level", "rule", "measured", "limit", "usage")
    return {key: getattr(reading, key) for key in keys} | {"step": reading.step.label}


def order_row(order: Order) -> dict[str, Any]:
    """One order."""
    keys = ("bot_id", "key", "client_order_id", "exchange_order_id", "symbol", "side", "type")
    row = {key: getattr(order, key) for key in (*keys, "price", "quantity", "filled", "state")}
    return row | {"ts": order.created_ns}


def fill_row(fill: Fill) -> dict[str, Any]:
    """One fill."""
    keys = (
        "bot_id", "key", "client_order_id", "trade_id", "symbol", "side", "price", "quantity",
        "fee", "fee_asset", "maker", "ts",
    )  # fmt: skip
    return {key: getattr(fill, key) for key in keys}
