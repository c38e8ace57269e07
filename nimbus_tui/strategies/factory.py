"""From the config's `strategy = "grid"` to the class, built in or from another package."""

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.strategies import plugins
from nimbus_tui.strategies.answers import in_words
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig

BUILTIN = {
    "grid": "nimbus_tui.strategies.grid:GridStrategy",
    "dca": "nimbus_tui.strategies.dca:DcaStrategy",
    "martingale": "nimbus_tui.strategies.martingale:MartingaleStrategy",
    "portfolio": "nimbus_tui.strategies.portfolio:PortfolioStrategy",
}
"""Name → module:Class; nothing is imported until it is asked for."""

ENTRY_POINTS = plugins.ENTRY_POINTS
"""The group in which other packages offer strategies."""


def strategy_names() -> list[str]:
    """Every name that a config may give, built-in ones first."""
    return [*BUILTIN, *sorted(name for name in plugins.offers() if name not in BUILTIN)]


def strategy_class(name: str) -> type[BaseTradingStrategy[Any, Any]]:
    """The class behind a name; another package can't replace a built-in one.

    Raises:
        ConfigError: there is no such strategy, or the package that offers it can't be used.
    """
    if name in BUILTIN:
        module, _, attribute = BUILTIN[name].partition(":")
        found: type[BaseTradingStrategy[Any, Any]] = getattr(import_module(module), attribute)
        return found
    offered = plugins.offers().get(name)
    if offered is None:
        near = difflib.get_close_matches(name, strategy_names(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"unknown strategy {name!r}{hint} allowed: {', '.join(strategy_names())}")
    return plugins.loaded(name, offered)


def unusable_offers() -> list[str]:
    """A sentence for each offer of another package that no config can use; each is loaded."""
    sentences = []
    for name, offered in sorted(plugins.offers().items()):
        if name in BUILTIN:
            sentences += [
                f"{plugins.origin(point)} offers a strategy {name!r}, but that name is built in: "
                "its offer is ignored; it has to choose another name"
                for point in offered
            ]
            continue
        try:
            plugins.loaded(name, offered)
        except ConfigError as error:
            sentences.append(str(error))
    return sentences


def create(
    name: str, bot_id: BotId, config: StrategyConfig, instruments: Mapping[Symbol, Instrument]
) -> BaseTradingStrategy[Any, Any]:
    """A strategy for one bot.

    Raises:
        ConfigError: there is no such strategy, or it can't be made.
    """
    kind = strategy_class(name)
    try:
        return kind(bot_id, config, instruments)
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"bots.{bot_id}: the strategy {name!r} can't be made: {in_words(error)}"
        ) from error
