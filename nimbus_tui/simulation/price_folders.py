"""Which recorded prices there are for a symbol, and the folders that they were taken from."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Symbol

FOLDERS_KEPT = 8
FILES_SHOWN = 40
"""Names that a list of files or of ways to go on has at most."""
ENDINGS = (".csv", ".csv.gz")
_LOOKED_AT = 2_000
"""Names of one folder that are looked at."""
_PATTERN = frozenset("*?[")


class PriceFolders:
    """The remembered folders, the last one first, in a small file of their own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self) -> list[str]:
        """Those that still are there; a file that can't be read knows none."""
        try:
            folders = msgspec.json.decode(self._path.read_bytes(), type=list[str])
        except (OSError, msgspec.MsgspecError):
            return []
        return [folder for folder in folders if Path(folder).is_dir()][:FOLDERS_KEPT]

    def remember(self, files: Iterable[Path]) -> None:
        """Put the folders of these files first; one that can't be remembered is no error."""
        fresh = dict.fromkeys(str(file.parent.absolute()) for file in files)
        folders = list(dict.fromkeys((*fresh, *self.known())))[:FOLDERS_KEPT]
        partial = self._path.with_suffix(".partial")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(msgspec.json.encode(folders))
            partial.replace(self._path)


def files_for(symbol: Symbol, folders: Iterable[Path]) -> tuple[str, ...]:
    """Price files that bear a symbol's name: first those that name its quote too."""
    base, _, rest = symbol.partition("/")
    quote = rest.partition(":")[0]
    found = [
        (rank, str(path))
        for folder in folders
        for path in _entries(folder)
        if path.name.endswith(ENDINGS)
        and (rank := _rank(path.name.upper(), base.upper(), quote.upper())) is not None
    ]
    # A stable sort: within a rank the folders keep their order.
    return tuple(dict.fromkeys(path for _, path in sorted(found, key=lambda one: one[0])))[
        :FILES_SHOWN
    ]


def _rank(name: str, base: str, quote: str) -> int | None:
    """0 is best; None where the name isn't the symbol's, or tells that it holds quotes."""
    joined = "".join(character for character in name if character.isalnum())
    if "BBO" in name or base not in joined:
        return None
    if base + quote in joined:
        return 0
    return 1 if f"{base}USD" in joined else 2 if joined.startswith(base) else None


def full_path(given: str, start: Path) -> Path:
    """A path as somebody wrote it; a relative one begins at `start`."""
    try:
        path = Path(given.strip()).expanduser()
    except RuntimeError:  # ~somebody who isn't there
        path = Path(given.strip())
    return path if path.is_absolute() else start / path


def chosen_files(symbol: Symbol, given: str, start: Path) -> list[Path]:
    """The files that a path or a pattern names; relative ones begin at `start`.

    Raises:
        ConfigError: there is none.
    """
    path = full_path(given, start)
    if not given.strip():
        raise ConfigError(f"there is no price file for {symbol}: choose one")
    if path.is_dir():
        raise ConfigError(
            f"{symbol}: {path} is a folder; choose a file in it, or write {path}/*.csv"
        )
    if not _PATTERN & set(path.name):
        if not path.is_file():
            raise ConfigError(f"{symbol}: there is no file {path}")
        return [path]
    files = sorted(file for file in path.parent.glob(path.name) if file.is_file())
    if not files:
        raise ConfigError(f"{symbol}: no file is called {path.name} in {path.parent}")
    return files


def ways_on(begun: str, start: Path, endings: Sequence[str] = (*ENDINGS, ".toml")) -> list[str]:
    """How a path may go on: folders first, then files; written as it was begun."""
    shown, _, name = begun.rpartition("/")
    prefix = f"{shown}/" if "/" in begun else ""
    folder = full_path(prefix, start)
    found = [path for path in _entries(folder) if path.name.lower().startswith(name.lower())]
    inner = sorted(f"{prefix}{path.name}/" for path in found if path.is_dir())
    files = sorted(
        f"{prefix}{path.name}"
        for path in found
        if path.name.endswith(tuple(endings)) and not path.is_dir()
    )
    return [*inner, *files][:FILES_SHOWN]


def _entries(folder: Path) -> Iterator[Path]:
    """What is in a folder, hidden names left out; nothing where it can't be read."""
    try:
        for number, path in enumerate(folder.iterdir()):
            if number >= _LOOKED_AT:
                return
            if not path.name.startswith("."):
                yield path
    except OSError:
        return
