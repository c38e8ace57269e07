"""A portfolio of three coins that pays fees, bought from cash."""

from decimal import Decimal
from typing import Any

from tests.simulation.portfolio_world import PortfolioWorld

FEES = {"taker_fee": Decimal("0.0005"), "maker_fee": Decimal("0.0002")}
SHARES = {"BTC": Decimal(50), "ETH": Decimal(30), "SOL": Decimal(20)}


def bought(**more: Any) -> PortfolioWorld:
    """10,000 in cash, to be bought."""
    return PortfolioWorld(**more)
