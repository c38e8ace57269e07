"""From the config's `strategy = "grid"` to the class, built in or from another package."""

import difflib
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig

BUILTIN = {
    "grid": "nimbus_tui.strategies.grid:GridStrategy",
    "dca": "nimbus_tui.strategies.dca:DcaStrategy",
    "martingale": "nimbus_tui.strategies.martingale:MartingaleStrategy",
    "portfolio": "nimbus_tui.strategies.portfolio:PortfolioStrategy",
}
"""Name → module:Class; nothing is imported until it is asked for."""

ENTRY_POINTS = "nimbus_tui.strategies"
"""The group in which other packages offer strategies."""


def strategy_names() -> list[str]:
    """Every name that a config may give, built-in ones first."""
    return [*BUILTIN, *sorted(name for name in _plugins() if name not in BUILTIN)]


def strategy_class(name: str) -> type[BaseTradingStrategy[Any, Any]]:
    """The class behind a name.

    Raises:
        ConfigError: there is no such strategy, or the package that offers it can't be loaded.
    """
    if name in BUILTIN:
        module, _, attribute = BUILTIN[name].partition(":")
        found = getattr(import_module(module), attribute)
    else:
        found = _loaded(name)
    if not (isinstance(found, type) and issubclass(found, BaseTradingStrategy)):
        raise ConfigError(f"strategy {name!r} is not a BaseTradingStrategy")
    return found


def create(
    name: str, bot_id: BotId, config: StrategyConfig, instruments: Mapping[Symbol, Instrument]
) -> BaseTradingStrategy[Any, Any]:
    """A strategy for one bot."""
    return strategy_class(name)(bot_id, config, instruments)


def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def _loaded(name: str) -> object:
    point = _plugins().get(name)
    if point is None:
        near = difflib.get_close_matches(name, strategy_names(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"unknown strategy {name!r}{hint} allowed: {', '.join(strategy_names())}")
    try:
        return point.load()
    except Exception as error:
        raise ConfigError(
            f"strategy {name!r} from {point.value} can't be loaded: {type(error).__name__}: {error}"
        ) from error
