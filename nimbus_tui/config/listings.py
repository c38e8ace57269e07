"""What real venues list, kept in files so that configs can be checked without a network.

One file for each kind of venue and network; `exchanges check` writes it, and so does the start of
an engine when the file is older than a day or lacks a symbol.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from nimbus_tui.config.exchange_sections import MarketKind, NetworkName, VenueSection
from nimbus_tui.config.locations import instruments_path
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument

VERSION = 1
STALE_AFTER_NS = 24 * 3600 * NS_PER_SECOND
"""Grains and fees of a venue change now and then; a list older than this is read anew."""


class Listing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that one market of a venue lists."""

    read_ns: int
    """When the venue said so, ns since the epoch."""
    instruments: tuple[Instrument, ...]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int
    markets: dict[MarketKind, Listing] = msgspec.field(default_factory=dict)


class _Version(msgspec.Struct, frozen=True):
    version: int


Place = tuple[str, NetworkName, MarketKind]
"""Which venue, network and market a list is of."""


def place_of(section: VenueSection) -> Place:
    """Where an exchange's list belongs."""
    return (section.type, section.network, section.market)


class Listings:
    """The lists on the disk; remembers which of them were asked for, and what they lacked."""

    def __init__(self) -> None:
        self._known: dict[Place, dict[Symbol, Instrument]] = {}
        self._read_ns: dict[Place, int] = {}
        self._troubles: dict[Place, str] = {}
        self._lacking: set[Place] = set()
        self._sections: dict[Place, VenueSection] = {}

    def outdated(self, now: int) -> list[VenueSection]:
        """Whose lists were looked into and lacked something, or are older than a day.

        One that lies in the future was written by a clock that was wrong.
        """
        return [
            section
            for place, section in self._sections.items()
            if place in self._lacking
            or not 0 <= now - self._read_ns.get(place, 0) <= STALE_AFTER_NS
        ]

    def instrument(self, section: VenueSection, symbol: Symbol) -> Instrument | None:
        """What a venue says of a symbol; None where the list, or the symbol in it, is missing."""
        place = place_of(section)
        found = self.all_of(section).get(symbol)
        if found is None:
            self._lacking.add(place)
        return found

    def all_of(self, section: VenueSection) -> Mapping[Symbol, Instrument]:
        """Everything that is known of a venue's market; empty without a list."""
        place = place_of(section)
        if place not in self._known:
            self._sections[place] = section
            listing = self._listing(place)
            self._known[place] = {one.symbol: one for one in listing.instruments}
        return self._known[place]

    def trouble(self, section: VenueSection) -> str:
        """Why a list that is there can't be used; empty where it isn't so."""
        return self._troubles.get(place_of(section), "")

    def _listing(self, place: Place) -> Listing:
        try:
            file = read_file(instruments_path(place[0], place[1].value))
        except ConfigError as error:
            self._troubles[place] = str(error)
            file = None
        listing = file.markets.get(place[2]) if file is not None else None
        if listing is None:
            return Listing(read_ns=0, instruments=())
        self._read_ns[place] = listing.read_ns
        return listing


def read_file(path: Path) -> _File | None:
    """A file of lists; None where there is none.

    Raises:
        ConfigError: it is damaged, or of another version of the program.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    try:
        version = msgspec.json.decode(raw, type=_Version).version
        if version == VERSION:
            return msgspec.json.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is damaged ({error})") from error
    raise ConfigError(f"{path} is of version {version}, and this program reads {VERSION}")


def keep(section: VenueSection, instruments: Iterable[Instrument], read_ns: int) -> Path:
    """Write down what a venue lists, the file being whole at any moment; returns its path.

    Raises:
        OSError: the file can't be written.
    """
    path = instruments_path(section.type, section.network.value)
    try:
        file = read_file(path)
    except ConfigError:
        file = None  # what can't be read is written anew
    ordered = tuple(sorted(instruments, key=lambda one: one.symbol))
    listing = Listing(read_ns=read_ns, instruments=ordered)
    markets = {**(file.markets if file is not None else {}), section.market: listing}
    text = msgspec.json.encode(_File(version=VERSION, markets=markets))
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
