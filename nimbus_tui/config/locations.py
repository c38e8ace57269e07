"""Where everything lives: journals, sockets, logs, themes and sample configs.

`NIMBUS_HOME` moves all of the user's files into one folder, for tests and portable installations.
"""

import os
import stat
import tempfile
from pathlib import Path

import platformdirs

from nimbus_tui.core.errors import ConfigError

APP = "nimbus-tui"
_PACKAGE = Path(__file__).parents[1]


def data_folder(engine_name: str) -> Path:
    """The folder of one engine's journal and paper venues."""
    return _data_root() / engine_name


def journal_path(engine_name: str) -> Path:
    """The journal of one engine."""
    return data_folder(engine_name) / "journal.db"


def paper_path(engine_name: str, exchange: str) -> Path:
    """The file of one paper exchange."""
    return data_folder(engine_name) / f"paper-{exchange}.db"


def instruments_path(exchange_type: str, network: str) -> Path:
    """The file of what a venue lists; all engines share it."""
    return _data_root() / "instruments" / f"{exchange_type}-{network}.json"


def vault_path() -> Path:
    """The file of the secrets, one for all engines; its folder holds nothing else."""
    return _data_root() / "vault" / "vault.json"


def keys_folder() -> Path:
    """The folder of what is remembered of each key that signs (never the key); for all engines."""
    return _data_root() / "keys"


def budgets_folder() -> Path:
    """The folder of what was asked of each host in the last minute, by all engines together."""
    return _data_root() / "budgets"


def price_folders_path() -> Path:
    """The file of the folders that backtests had their prices from; for all engines."""
    return _data_root() / "price-folders.json"


def log_folder(engine_name: str) -> Path:
    """The folder of one engine's rotating log files."""
    return data_folder(engine_name) / "logs"


def known_engines() -> list[str]:
    """Names of all engines that have a journal."""
    return sorted(path.parent.name for path in _data_root().glob("*/journal.db"))


def config_folder() -> Path:
    """The folder of the user's own configs and themes."""
    home = _home()
    return home / "config" if home else platformdirs.user_config_path(APP, appauthor=False)


def socket_folder() -> Path:
    """The folder of the engines' sockets: the runtime folder, or one of the user's own.

    Raises:
        ConfigError: somebody else made the folder in the shared temporary folder, and could
            listen in our place.
    """
    if home := _home():
        return home / "run"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir():
        return Path(runtime) / APP
    folder = Path(tempfile.gettempdir()) / f"{APP}-{os.getuid()}"
    if not _is_private(folder):
        raise ConfigError(
            f"{folder} is open to other users, so commands could go astray; "
            "remove it, or set NIMBUS_HOME to a folder of your own"
        )
    return folder


def socket_path(engine_name: str) -> Path:
    """The socket of one engine."""
    return socket_folder() / f"{engine_name}.sock"


def shipped(kind: str) -> Path:
    """The folder of `themes` or `sample_configs`, in a checkout as well as installed."""
    installed = _PACKAGE / "_shipped" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / kind


def theme_folders() -> list[Path]:
    """Shipped themes first, then the user's own."""
    return [shipped("themes"), config_folder() / "themes"]


def _home() -> Path | None:
    home = os.environ.get("NIMBUS_HOME")
    return Path(home).expanduser() if home else None


def _data_root() -> Path:
    return _home() or platformdirs.user_data_path(APP, appauthor=False)


def _is_private(folder: Path) -> bool:
    """Whether a folder isn't there yet, or is ours alone."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return True
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not stat.S_IMODE(found.st_mode) & 0o077
    )
