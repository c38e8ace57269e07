"""What `doctor` sees of the user's files: configs, journals, the vault; and of their venues."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from nimbus_tui.cli.observations import Observation, ok, problem
from nimbus_tui.core.errors import JournalError, VaultError

if TYPE_CHECKING:
    from nimbus_tui.cli.config_files import Configured
    from nimbus_tui.exchanges.base import Finding


def configs(paths: Sequence[Path]) -> Iterator[Observation]:
    """Whether each config can be run."""
    from nimbus_tui.bootstrap import load_config
    from nimbus_tui.config.problems import BadConfig

    if not paths:
        yield ok("config", "none here or in the config folder; `nimbus-tui demo` needs none")
    for path in paths:
        try:
            bots = load_config(path).bots
        except BadConfig as error:
            more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
            remedy = f"`nimbus-tui config check {path}` tells all"
            yield problem("config", f"{error.problems[0]}{more}", remedy)
        else:
            yield ok(
                "config", f"{path}: all well, {len(bots)} {'bot' if len(bots) == 1 else 'bots'}"
            )


def journals() -> Iterator[Observation]:
    """Whether each journal is whole, and who writes it."""
    from nimbus_tui.cli.running_engine import is_running
    from nimbus_tui.config.locations import journal_path, known_engines
    from nimbus_tui.journal.reader import JournalReader

    names = known_engines()
    if not names:
        yield ok("journal", "none yet")
    for name in names:
        path = journal_path(name)
        try:
            with JournalReader.open(path) as reader:
                complaints = reader.complaints()
        except JournalError as error:
            remedy = "`nimbus-tui journal verify` looks closer; a backup takes its place"
            yield problem("journal", str(error), remedy)
            continue
        who = "its engine runs" if is_running(name) else "nobody writes it"
        if complaints:
            remedy = "end its engine, and put a backup in its place"
            yield problem("journal", f"{path} is damaged: {complaints[0]}", remedy)
        else:
            yield ok("journal", f"{path} is whole, {who}")


def vault() -> Iterator[Observation]:
    """Whether the vault is private and whole."""
    from nimbus_tui.config.locations import vault_path
    from nimbus_tui.vault.safe import Vault

    found = Vault(vault_path())
    if not found.exists:
        yield ok("vault", "none yet; `nimbus-tui secrets set NAME` makes one")
        return
    try:
        found.examine()
    except VaultError as error:
        remedy = f"chmod 600 {found.path}, or put a copy of it in its place"
        yield problem("vault", str(error), remedy)
    else:
        yield ok("vault", f"{found.path} is private and whole")


async def venues(configured: "Sequence[Configured]") -> list[Observation]:
    """Whether each venue answers, and how far its clock is from ours; asks without any key."""
    from nimbus_tui.config.exchange_sections import VenueSection
    from nimbus_tui.config.locations import budgets_folder
    from nimbus_tui.engine.clock import LiveClock
    from nimbus_tui.exchanges.base import Area
    from nimbus_tui.exchanges.examination import examine
    from nimbus_tui.real_venues import RealVenues
    from nimbus_tui.venue_makers import AdapterMaker

    maker, told = AdapterMaker(LiveClock(), SystemRandom(), None, budgets_folder()), []
    asked: set[tuple[str, ...]] = set()
    for one in configured:
        for name, section in one.exchanges.items():
            if not isinstance(section, VenueSection):
                continue
            place = (section.type, section.network.value, section.rest_url, section.ws_url)
            if place in asked:
                continue
            asked.add(place)
            public = RealVenues(maker, {}).feed(name, section).exchange
            found = await examine(public, has_account=False, is_ours=lambda *_: False)
            kept = [f for f in found if f.area in (Area.CONNECTION, Area.CLOCK)]
            told += [_of_venue(f"{section.type} {section.network.value}", f) for f in kept]
    return told or [ok("venues", "no config here names a real one")]


def _of_venue(venue: str, finding: "Finding") -> Observation:
    text = f"{venue}: {finding.area.value}: {finding.text}"
    return Observation("venues", finding.verdict, text, finding.remedy)
