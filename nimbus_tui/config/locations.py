"""Where everything lives: journals, sockets, shipped themes and sample configs."""

import os
import tempfile
from pathlib import Path

import platformdirs

APP = "nimbus-tui"
_PACKAGE = Path(__file__).parents[1]


def data_folder(engine_name: str) -> Path:
    """The folder of one engine's journal and paper venues."""
    home = os.environ.get("NIMBUS_HOME")
    base = Path(home) if home else Path(platformdirs.user_data_path(APP, appauthor=False))
    return base / engine_name


def journal_path(engine_name: str) -> Path:
    """The journal of one engine."""
    return data_folder(engine_name) / "journal.db"


def paper_path(engine_name: str, exchange: str) -> Path:
    """The file of one paper exchange."""
    return data_folder(engine_name) / f"paper-{exchange}.db"


def known_engines() -> list[str]:
    """Names of all engines that have a journal."""
    base = data_folder("x").parent
    return sorted(path.parent.name for path in base.glob("*/journal.db"))


def socket_folder() -> Path:
    """The folder of the engines' sockets: the runtime folder, or one of the user's own."""
    home = os.environ.get("NIMBUS_HOME")
    if home:
        return Path(home) / "run"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir():
        return Path(runtime) / APP
    return Path(tempfile.gettempdir()) / f"{APP}-{os.getuid()}"


def socket_path(engine_name: str) -> Path:
    """The socket of one engine."""
    return socket_folder() / f"{engine_name}.sock"


def shipped(kind: str) -> Path:
    """The folder of `themes` or `sample_configs`, in a checkout as well as installed."""
    installed = _PACKAGE / "_shipped" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / kind


def theme_folders() -> list[Path]:
    """Shipped themes first, then the user's own."""
    return [shipped("themes"), Path(platformdirs.user_config_path(APP, appauthor=False)) / "themes"]
