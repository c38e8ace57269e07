"""Which config is meant by a command that names an exchange: the one given, or the only fitting."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import ExchangeName

if TYPE_CHECKING:
    from nimbus_tui.config.exchange_sections import ExchangeSection
    from nimbus_tui.config.model import EngineSection

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="The config file; else those here and in the config folder."),
]


class Configured(NamedTuple):
    """The exchanges of one config file."""

    path: Path
    engine: "EngineSection | None"
    exchanges: "dict[ExchangeName, ExchangeSection]"


def configs(given: Path | None) -> list[Configured]:
    """The file that is given, else every config here and in the user's folder of them.

    Raises:
        ConfigError: the given one can't be used.
    """
    from nimbus_tui.config.loader import load_exchanges
    from nimbus_tui.config.locations import config_folder

    if given is not None:
        return [Configured(given, *load_exchanges(given))]
    found = []
    folders = dict.fromkeys([Path.cwd(), config_folder()])
    for path in (file for folder in folders for file in sorted(folder.glob("*.toml"))):
        try:
            read = Configured(path, *load_exchanges(path))
        except ConfigError:
            continue  # a TOML file of another kind; of a broken config `config check` tells
        if read.exchanges:
            found.append(read)
    return found


def config_with(name: ExchangeName, given: Path | None) -> Configured:
    """The config that has an exchange of a name, or a paper twin of that name.

    Raises:
        ConfigError: there is none, or there are several.
    """
    from nimbus_tui.config.paper_twins import twin_name

    found = configs(given)
    fitting = [
        one for one in found if name in {*one.exchanges, *(twin_name(v) for v in one.exchanges)}
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        paths = ", ".join(str(one.path) for one in fitting)
        raise ConfigError(f"several configs have an exchange {name!r}: {paths}; give --config FILE")
    known = sorted({known for one in found for known in one.exchanges})
    where = str(given) if given is not None else "no config here or in the config folder"
    verb = "has no" if given is not None else "has an"
    there_are = f"; there are: {', '.join(known)}" if known else ""
    remedy = "" if given is not None else "; give --config FILE"
    raise ConfigError(f"{where} {verb} exchange {name!r}{there_are}{remedy}")
