"""The steps by their short names, and a day's equity to measure a fall on."""

from decimal import Decimal

from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.risk import RiskStep

N, WARNING, THROTTLE, PAUSE, STOP, EMERGENCY = RiskStep
ETH = Symbol("ETH/USDC")


def equity_at(percent: Decimal) -> str:
    """An equity that has fallen from 10,000 by so many percent of a limit of 10 %."""
    return str(Decimal(10_000) - percent * 10)
