"""A config's problems as a person reads them."""

from typing import Any

from tests.config.texts import GOOD, PATH, problems_of

SECOND = GOOD[GOOD.index("[bots") :].replace("bots.eth", "bots.two")


def lines_of(text: str, **given: Any) -> list[str]:
    """The problems as a person reads them, without the file's name."""
    return [str(problem).removeprefix(f"{PATH}:") for problem in problems_of(text, **given)]
