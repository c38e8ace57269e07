"""Strategies of other packages: what is offered, whether it can be used, and if not, why."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import msgspec

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.version import __version__
from nimbus_tui.strategies.answers import in_words
from nimbus_tui.strategies.base import (
    INTERFACE,
    BaseTradingStrategy,
    StrategyConfig,
    StrategyState,
)

ENTRY_POINTS = "nimbus_tui.strategies"
"""The group in which other packages offer strategies."""
PACKAGE = "nimbus-tui"

AnyStrategyClass = type[BaseTradingStrategy[Any, Any]]


def offers() -> dict[str, tuple[EntryPoint, ...]]:
    """The entry points of other packages by name; more than one where they disagree."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=ENTRY_POINTS):
        others = found.get(point.name, ())
        # One installation can be seen twice, e.g. through two entries of the search path.
        if all(origin(point) != origin(other) for other in others):
            found[point.name] = (*others, point)
    return found


def loaded(name: str, offered: Sequence[EntryPoint]) -> AnyStrategyClass:
    """The class that is offered under a name.

    Raises:
        ConfigError: it can't be loaded, or is no strategy for this version of nimbus-tui.
    """
    if len(offered) > 1:
        packages = " and by ".join(origin(point) for point in offered)
        raise ConfigError(
            f"strategy {name!r} is offered by {packages}; uninstall one of the packages"
        )
    (point,) = offered
    found = _import(point)
    problem = _problem(found)
    if problem:
        raise ConfigError(f"strategy {name!r} of {origin(point)} can't be used: {problem}")
    return found  # type: ignore[no-any-return]


def origin(point: EntryPoint) -> str:
    """Package, version and place of an offer, as far as they are known."""
    package = getattr(point, "dist", None)
    where = f"({point.value})"
    return f"{package.name} {package.version} {where}" if package else f"a package {where}"


@lru_cache(maxsize=256)
def _import(point: EntryPoint) -> Any:
    """The object behind an entry point; what it prints on the way is talk, not data."""
    try:
        with redirect_stdout(sys.stderr):
            return point.load()
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"strategy {point.name!r} of {origin(point)} can't be loaded: {in_words(error)}"
            f"{_version_hint(point, error)}"
        ) from error


def _version_hint(point: EntryPoint, error: BaseException) -> str:
    """Whether a package that doesn't load looks like one for another nimbus-tui."""
    missing = getattr(error, "name", None) or ""
    ours = isinstance(error, ImportError) and missing.partition(".")[0] == "nimbus_tui"
    needs = _needs(point)
    if not ours and not needs:
        return ""
    wish = f"it asks for {needs}" if needs else "it was written for another version"
    return f"; {wish}, and this is {PACKAGE} {__version__}"


def _needs(point: EntryPoint) -> str:
    """The package's own word on which nimbus-tui it needs; empty where it has none."""
    package = getattr(point, "dist", None)
    for requirement in (package.requires or ()) if package else ():
        wanted = requirement.partition(";")[0].strip()
        name = wanted.replace("_", "-").lower()
        if name.startswith(PACKAGE) and not name[len(PACKAGE) :][:1].isalnum():
            return str(wanted)
    return ""


def _problem(found: Any) -> str:
    """Why an object is no strategy that this version can host; empty when it is one."""
    if not (isinstance(found, type) and issubclass(found, BaseTradingStrategy)):
        return "it is not a subclass of nimbus_tui.BaseTradingStrategy"
    if found.interface != INTERFACE:
        return (
            f"it is written for strategy interface {found.interface!r}, and {PACKAGE} "
            f"{__version__} has interface {INTERFACE}; install versions that fit each other"
        )
    for name, base in (("Config", StrategyConfig), ("State", StrategyState)):
        kind = getattr(found, name, None)
        if not (isinstance(kind, type) and issubclass(kind, base)):
            return f"its {name} is not a subclass of nimbus_tui.{base.__name__}"
    for call in ("initial_state", "plan"):
        if getattr(found, call) is getattr(BaseTradingStrategy, call):
            return f"it has no {call}()"
    return _config_problem(found.Config)


def _config_problem(config: type[StrategyConfig]) -> str:
    """Whether a config's fields are of types that a file can hold."""
    try:
        _, found = msgspec.json.schema_components([config])
    except Exception as error:  # whatever its annotations are made of
        return f"its Config can't be read from a file: {in_words(error)}"
    if config.__name__ not in found:
        return f"two of the types in its Config are called {config.__name__}"
    return ""
