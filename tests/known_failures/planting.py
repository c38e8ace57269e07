"""A mistake planted in the engine, and the test that must notice it."""

from collections.abc import Callable
from typing import Any

import pytest

Mistake = tuple[Callable[[pytest.MonkeyPatch], None], Any, str, dict[str, Any]]
"""What plants it, in which module its test is, how that test's name begins, and its parameters."""


def planted(mistakes: list[Mistake]) -> pytest.MarkDecorator:
    """Run a test with each of the mistakes: `mistake`, `place`, `name`, `more`."""
    return pytest.mark.parametrize(
        ("mistake", "place", "name", "more"),
        mistakes,
        ids=[f"{name[5:8]}-{mistake.__name__}" for mistake, _, name, _ in mistakes],
    )


def noticed_by(place: Any, name: str) -> Callable[..., Any]:
    """The one test of a module whose name begins so."""
    (test,) = [value for key, value in vars(place).items() if key.startswith(name)]
    found: Callable[..., Any] = test
    return found
