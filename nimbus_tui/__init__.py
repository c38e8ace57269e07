"""nimbus-tui: trading bots that declare the orders they want, and an engine that makes it so.

This is the library's whole surface; what isn't in `__all__` may change without notice. Each name is
loaded when it is first used, so that `import nimbus_tui` costs next to nothing.
"""

from nimbus_tui.core.version import __version__

TYPE_CHECKING = False
"""Type checkers take it for true whatever it says; `typing` would be the dearest import here."""

if TYPE_CHECKING:
    from nimbus_tui.config.model import Config
    from nimbus_tui.config.problems import BadConfig, ConfigProblem
    from nimbus_tui.control import commands
    from nimbus_tui.control.client import EngineClient
    from nimbus_tui.control.commands import Outcome, Result
    from nimbus_tui.control.snapshots import BotSnapshot, BotState, EngineSnapshot
    from nimbus_tui.core import events, panels
    from nimbus_tui.core.clock import NS_PER_SECOND
    from nimbus_tui.core.duration import parse_duration
    from nimbus_tui.core.errors import ConfigError, DataError, EngineUnreachable, NimbusError
    from nimbus_tui.core.events import Event
    from nimbus_tui.core.fill import Fill
    from nimbus_tui.core.ids import Asset, BotId, OrderKey, Symbol
    from nimbus_tui.core.instrument import Instrument, MarketType
    from nimbus_tui.core.market import Quote, Tick
    from nimbus_tui.core.order import DesiredOrder, Order, OrderState, OrderType, Side, TimeInForce
    from nimbus_tui.core.panels import LadderPanel, LadderRow, RowState
    from nimbus_tui.core.plan import Plan, View, Wake
    from nimbus_tui.core.preview import Preview, PreviewFigure
    from nimbus_tui.library.backtests import BacktestProgress, backtest, backtest_async
    from nimbus_tui.library.configs import load_config, parse_config
    from nimbus_tui.library.hosting import HostedEngine
    from nimbus_tui.simulation.report import BacktestReport, BotReport
    from nimbus_tui.strategies.base import (
        BaseTradingStrategy,
        Problem,
        StrategyConfig,
        StrategyState,
    )

__all__ = [
    "NS_PER_SECOND",
    "Asset",
    "BacktestProgress",
    "BacktestReport",
    "BadConfig",
    "BaseTradingStrategy",
    "BotId",
    "BotReport",
    "BotSnapshot",
    "BotState",
    "Config",
    "ConfigError",
    "ConfigProblem",
    "DataError",
    "DesiredOrder",
    "EngineClient",
    "EngineSnapshot",
    "EngineUnreachable",
    "Event",
    "Fill",
    "HostedEngine",
    "Instrument",
    "LadderPanel",
    "LadderRow",
    "MarketType",
    "NimbusError",
    "Order",
    "OrderKey",
    "OrderState",
    "OrderType",
    "Outcome",
    "Plan",
    "Preview",
    "PreviewFigure",
    "Problem",
    "Quote",
    "Result",
    "RowState",
    "Side",
    "StrategyConfig",
    "StrategyState",
    "Symbol",
    "Tick",
    "TimeInForce",
    "View",
    "Wake",
    "__version__",
    "backtest",
    "backtest_async",
    "commands",
    "events",
    "load_config",
    "panels",
    "parse_config",
    "parse_duration",
]

_ROOMS = {
    "nimbus_tui.config.model": ("Config",),
    "nimbus_tui.config.problems": ("BadConfig", "ConfigProblem"),
    "nimbus_tui.control": ("commands",),
    "nimbus_tui.control.client": ("EngineClient",),
    "nimbus_tui.control.commands": ("Outcome", "Result"),
    "nimbus_tui.control.snapshots": ("BotSnapshot", "BotState", "EngineSnapshot"),
    "nimbus_tui.core": ("events", "panels"),
    "nimbus_tui.core.clock": ("NS_PER_SECOND",),
    "nimbus_tui.core.duration": ("parse_duration",),
    "nimbus_tui.core.errors": ("ConfigError", "DataError", "EngineUnreachable", "NimbusError"),
    "nimbus_tui.core.events": ("Event",),
    "nimbus_tui.core.fill": ("Fill",),
    "nimbus_tui.core.ids": ("Asset", "BotId", "OrderKey", "Symbol"),
    "nimbus_tui.core.instrument": ("Instrument", "MarketType"),
    "nimbus_tui.core.market": ("Quote", "Tick"),
    "nimbus_tui.core.order": (
        "DesiredOrder", "Order", "OrderState", "OrderType", "Side", "TimeInForce",
    ),
    "nimbus_tui.core.panels": ("LadderPanel", "LadderRow", "RowState"),
    "nimbus_tui.core.plan": ("Plan", "View", "Wake"),
    "nimbus_tui.core.preview": ("Preview", "PreviewFigure"),
    "nimbus_tui.library.backtests": ("BacktestProgress", "backtest", "backtest_async"),
    "nimbus_tui.library.configs": ("load_config", "parse_config"),
    "nimbus_tui.library.hosting": ("HostedEngine",),
    "nimbus_tui.simulation.report": ("BacktestReport", "BotReport"),
    "nimbus_tui.strategies.base": (
        "BaseTradingStrategy", "Problem", "StrategyConfig", "StrategyState",
    ),
}  # fmt: skip
"""Where each name lives: what the imports above say to a type checker, for the running program."""


if not TYPE_CHECKING:  # a type checker would take any name for one that `__getattr__` finds

    def __getattr__(name: str) -> object:
        """Load a name of the surface when it is first asked for."""
        from importlib import import_module

        module = next((room for room, names in _ROOMS.items() if name in names), None)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = import_module(module)
        found = getattr(home, name, None) or import_module(f"{module}.{name}")
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted(__all__)
