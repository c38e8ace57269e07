"""How an engine previews config texts: with what it was given by whoever put it together."""

from collections.abc import Callable, Mapping

from nimbus_tui.core.market import Quote
from nimbus_tui.core.preview import ConfigPreview
from nimbus_tui.core.problems import ConfigProblem
from nimbus_tui.engine.inbox import Market

Previewer = Callable[[str, Mapping[Market, Quote]], ConfigPreview]
"""A config's text and the newest prices in, what its bots would do out. Called in other threads."""


def no_preview(text: str, quotes: Mapping[Market, Quote]) -> ConfigPreview:
    """What an engine answers that was given no previewer."""
    problem = ConfigProblem("", 1, 1, "", "this engine was put together without previews")
    return ConfigPreview(errors=(problem,))
