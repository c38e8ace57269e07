"""From the config's `type = "paper"` to the adapter's class, built in or from another package."""

import difflib
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.exchanges.base import Exchange

BUILTIN = {
    "paper": "nimbus_tui.exchanges.paper.adapter:PaperExchange",
    "hyperliquid": "nimbus_tui.exchanges.hyperliquid.adapter:HyperliquidExchange",
}
"""Type → module:Class; nothing is imported until it is asked for."""

ENTRY_POINTS = "nimbus_tui.exchanges"
"""The group in which other packages offer adapters."""


def exchange_types() -> list[str]:
    """Every type that a config may give, built-in ones first."""
    return [*BUILTIN, *sorted(name for name in _plugins() if name not in BUILTIN)]


def exchange_class(name: str) -> Callable[..., Exchange]:
    """The adapter behind a type; another package can't replace a built-in one.

    Raises:
        ConfigError: there is no such type, or the package that offers it can't be loaded.
    """
    if name in BUILTIN:
        module, _, attribute = BUILTIN[name].partition(":")
        found = getattr(import_module(module), attribute)
    else:
        found = _loaded(name)
    if not (isinstance(found, type) and _offers_all(found)):
        raise ConfigError(f"exchange type {name!r} is not a class with all calls of an Exchange")
    return found


def _offers_all(found: type) -> bool:
    calls = [call for call in vars(Exchange) if not call.startswith("_")]
    return all(callable(getattr(found, call, None)) for call in calls)


def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def _loaded(name: str) -> object:
    point = _plugins().get(name)
    if point is None:
        near = difflib.get_close_matches(name, exchange_types(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        allowed = ", ".join(exchange_types())
        raise ConfigError(f"unknown exchange type {name!r}{hint} (known: {allowed})")
    try:
        return point.load()
    except Exception as error:
        raise ConfigError(
            f"exchange type {name!r} from {point.value} can't be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
