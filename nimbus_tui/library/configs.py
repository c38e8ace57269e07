"""Configs for programs: from a file, or from a text that the program has made."""

import os
from collections.abc import Mapping
from pathlib import Path

from nimbus_tui import bootstrap
from nimbus_tui.config.loader import load_text
from nimbus_tui.config.model import Config
from nimbus_tui.exchanges.paper.instruments import builtin_instrument

PathLike = str | os.PathLike[str]
AnyConfig = Config | PathLike


def load_config(path: PathLike) -> Config:
    """Read and check a config file.

    Raises:
        BadConfig: with everything that is wrong; its text is fit for people.
    """
    return bootstrap.load_config(Path(path))


def parse_config(
    text: str,
    *,
    path: PathLike = "config.toml",
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """Check a config that is there as TOML text.

    `path` is where it would live: relative price files are looked for beside it, and it gives the
    engine its name where the text doesn't. `environment` fills `${VAR}`.

    Raises:
        BadConfig: with everything that is wrong.
    """
    return load_text(text, Path(path), builtin_instrument, environment=environment)


def config_of(given: AnyConfig) -> Config:
    """A config, or the one in a file."""
    return given if isinstance(given, Config) else load_config(given)
