"""From the config's `strategy = "grid"` to the class, built in or from another package."""

import difflib
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig, StrategyState

BUILTIN = {
    "grid": "nimbus_tui.strategies.grid:GridStrategy",
}
"""Name → module:Class; nothing is imported until it is asked for."""

ENTRY_POINTS = "nimbus_tui.strategies"
"""The group in which other packages offer strategies."""


def strategy_names() -> list[str]:
    """Every name that a config may give, built-in ones first."""
    return [*BUILTIN, *sorted(name for name in _plugins() if name not in BUILTIN)]


def strategy_class(name: str) -> type[BaseTradingStrategy[Any, Any]]:
    """The class behind a name; a built-in name can't be taken by a plugin.

    Raises:
        ConfigError: there is no such strategy, or the package that offers it can't be used.
    """
    if name in BUILTIN:
        module, _, attribute = BUILTIN[name].partition(":")
        found: type[BaseTradingStrategy[Any, Any]] = getattr(import_module(module), attribute)
        return found
    point = _plugins().get(name)
    if point is None:
        raise ConfigError(_unknown(name))
    return _checked(point, _loaded(point))


def create(
    name: str, bot_id: BotId, config: StrategyConfig, instruments: Mapping[Symbol, Instrument]
) -> BaseTradingStrategy[Any, Any]:
    """A strategy for one bot."""
    return strategy_class(name)(bot_id, config, instruments)


def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def _unknown(name: str) -> str:
    names = strategy_names()
    near = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"unknown strategy {name!r}; {hint}allowed: {', '.join(names)}"


def _loaded(point: EntryPoint) -> object:
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # other people's code may raise anything, or exit
        reason = f"{type(error).__name__}: {error}"
        text = f"strategy {point.name!r} ({point.value}) can't be loaded: {reason}"
        raise ConfigError(text) from error


def _checked(point: EntryPoint, found: object) -> type[BaseTradingStrategy[Any, Any]]:
    text = f"strategy {point.name!r} ({point.value}) can't be used: it"
    if not (isinstance(found, type) and issubclass(found, BaseTradingStrategy)):
        raise ConfigError(f"{text} is no subclass of BaseTradingStrategy")
    for attribute, base in (("Config", StrategyConfig), ("State", StrategyState)):
        kind = getattr(found, attribute, None)
        if not (isinstance(kind, type) and issubclass(kind, base)):
            raise ConfigError(f"{text} needs a {attribute} that is a {base.__name__}")
    return found
