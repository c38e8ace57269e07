"""A config that is well, and what the tests read it with."""

from collections.abc import Mapping
from pathlib import Path

from nimbus_tui.config.loader import load_text
from nimbus_tui.config.model import Config
from nimbus_tui.config.problems import BadConfig, ConfigProblem
from nimbus_tui.exchanges.paper.instruments import builtin_instrument

GOOD = """\
[exchanges.sim]
type = "paper"

[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC"
spacing = 0.5
levels = 3
quote_size = 100
"""

PATH = Path("folder/bots.toml")


def config_of(text: str, path: Path = PATH, environment: Mapping[str, str] | None = None) -> Config:
    return load_text(text, path, builtin_instrument, environment=environment or {})


def problems_of(
    text: str, path: Path = PATH, environment: Mapping[str, str] | None = None
) -> list[ConfigProblem]:
    try:
        config_of(text, path, environment)
    except BadConfig as error:
        return error.problems
    return []


def changed(*changes: tuple[str, str], end: str = "") -> str:
    """The good config with some words replaced and lines put at its end."""
    text = GOOD
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text + end
