"""Packages with strategies as they lie in an environment: modules and metadata in a folder."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

STRATEGY = '''
from decimal import Decimal
from typing import Any

from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.order import DesiredOrder, Side
from nimbus_tui.core.plan import Plan, View, Wake
from nimbus_tui.strategies.base import (
    BaseTradingStrategy, Problem, StrategyConfig, StrategyState,
)


class DipConfig(StrategyConfig, frozen=True, kw_only=True):
    """Buys once, a little below the first price."""

    symbol: Symbol
    """What it buys."""
    below_percent: Decimal = Decimal(1)
    """How far below the first price, in percent."""


class DipState(StrategyState, frozen=True, kw_only=True):
    """The price of its one order."""

    price: Decimal | None = None


class DipStrategy(BaseTradingStrategy[DipConfig, DipState]):
    """One buy order."""

    interface = 1
    Config = DipConfig
    State = DipState

    def initial_state(self) -> DipState:
        return DipState()

    @classmethod
    def validate(cls, config, instruments):
        if config.below_percent <= 0:
            return [Problem("below_percent", "must be greater than 0")]
        return []

    @classmethod
    def required_capital(cls, config, instruments, prices):
        return prices[config.symbol] * Decimal("0.01")

    def plan(self, view: View) -> Plan:
        symbol = self.config.symbol
        if self.state.price is None:
            share = 1 - self.config.below_percent / 100
            price = self.instruments[symbol].round_price(view.prices[symbol] * share, Side.BUY)
            self.state = DipState(price=price)
        order = DesiredOrder(
            key="dip/1", symbol=symbol, side=Side.BUY, quantity=Decimal("0.01"),
            price=self.state.price,
        )
        return Plan((order,), Wake({symbol: (self.state.price, None)}))
'''
"""A whole strategy in one module."""


def install(
    folder: Path,
    name: str,
    code: str,
    offers: Mapping[str, str],
    *,
    version: str = "1.0",
    requires: str = "nimbus-tui",
    group: str = "nimbus_tui.strategies",
) -> Path:
    """Put a package of one module into a folder; `offers` are strategy names and class names."""
    module = name.replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(dedent(code), encoding="utf-8")
    metadata = folder / f"{module}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: {requires}\n"
    )
    points = "".join(f"{offer} = {module}:{kind}\n" for offer, kind in offers.items())
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{points}")
    return folder
