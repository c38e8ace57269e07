"""Risk rules of other packages: found by their entry points, checked, and never trusted to load."""

import sys
from contextlib import redirect_stdout
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.risk.rule import Rule
from nimbus_tui.risk.table import BY_NAME
from nimbus_tui.risk.thresholds import Thresholds

ENTRY_POINTS = "nimbus_tui.risk_rules"
"""The group in which other packages offer rules: `name = "module:RULE"`, RULE being a Rule."""


def other_rules() -> tuple[Rule, ...]:
    """The rules of all packages that are installed, by name.

    Raises:
        ConfigError: one can't be loaded or is no rule. A rule that is missing would look like one
            that holds, so an engine doesn't start without it.
    """
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=ENTRY_POINTS):
        other = found.setdefault(point.name, point)
        # One installation can be seen twice, e.g. through two entries of the search path.
        if origin(other) != origin(point):
            raise ConfigError(
                f"risk rule {point.name!r} is offered by {origin(other)} and by {origin(point)}; "
                "uninstall one of the packages"
            )
    return tuple(loaded(found[name]) for name in sorted(found))


def loaded(point: EntryPoint) -> Rule:
    """The rule behind an entry point.

    Raises:
        ConfigError: it can't be loaded, or is no rule.
    """
    try:
        with redirect_stdout(sys.stderr):
            found = point.load()
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"risk rule {point.name!r} of {origin(point)} can't be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    problem = _problem(found, point.name)
    if problem:
        raise ConfigError(f"risk rule {point.name!r} of {origin(point)} can't be used: {problem}")
    return found  # type: ignore[no-any-return]


def origin(point: EntryPoint) -> str:
    """Package, version and place of an offer, as far as they are known."""
    package = getattr(point, "dist", None)
    where = f"({point.value})"
    return f"{package.name} {package.version} {where}" if package else f"a package {where}"


def _problem(found: Any, name: str) -> str:
    """Why an object is no rule that can be used; empty when it is one."""
    if not isinstance(found, Rule):
        return "it is not a nimbus_tui.risk.rule.Rule"
    if found.name != name:
        return f"its name is {found.name!r}"
    if name in BY_NAME:
        return "a rule of nimbus-tui has that name"
    parts: tuple[Any, Any] = (found.thresholds, found.measure)
    if not isinstance(parts[0], Thresholds) or not callable(parts[1]):
        return "it needs thresholds and a measure that can be called"
    return "" if found.level in (1, 2, 3, 4) else f"its level is {found.level}, not 1 to 4"
