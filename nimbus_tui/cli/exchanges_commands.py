"""`nimbus-tui exchanges …`: which venues there are, and a look at one of them."""

import asyncio
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import typer

from nimbus_tui.cli.config_files import ConfigOption, Configured, config_with, configs
from nimbus_tui.cli.diagnostics import friendly
from nimbus_tui.cli.findings import document, exit_code, print_findings
from nimbus_tui.cli.output import print_json, print_table
from nimbus_tui.cli.running_engine import JsonOption
from nimbus_tui.core.errors import ConfigError, ExchangeError
from nimbus_tui.core.ids import ExchangeName

if TYPE_CHECKING:
    from nimbus_tui.config.exchange_sections import ExchangeSection, VenueSection
    from nimbus_tui.exchanges.base import Exchange, Finding

exchanges_app = typer.Typer(help="Look at the venues of a config.", no_args_is_help=True)


@exchanges_app.command("list")
def list_command(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The exchanges of the configs, and the types that there are."""
    with friendly():
        from nimbus_tui.config.exchange_sections import SECTIONS

        rows = [
            _row(one.path, name, section)
            for one in configs(config)
            for name, section in one.exchanges.items()
        ]
        if as_json:
            print_json({"types": list(SECTIONS), "exchanges": rows})
            return
        columns = ("name", "type", "network", "market", "account", "config")
        print_table(columns, [[str(row[key]) for key in columns] for row in rows])
        print_table(("types that a config may give",), [(name,) for name in SECTIONS])


@exchanges_app.command("check")
def check_command(name: str, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Connect to one exchange and say how it is; also keeps what it lists. Exit 1 on a problem."""
    with friendly():
        found = asyncio.run(_look(ExchangeName(name), config_with(ExchangeName(name), config)))
        rows = [(one.area.value, one.verdict, one.text, one.remedy) for one in found]
        code = exit_code(one.verdict for one in found)
        if as_json:
            print_json({"exchange": name, "ok": not code, "findings": document(rows)})
        else:
            print_findings(rows)
    if code:
        raise SystemExit(code)


def _row(path: Path, name: ExchangeName, section: "ExchangeSection") -> dict[str, Any]:
    from nimbus_tui.config.exchange_sections import PaperSection, VenueSection

    row = {"name": name, "type": section.type, "network": "", "market": "", "account": ""}
    if isinstance(section, VenueSection):
        row |= {"network": section.network.value, "market": section.market.value}
        row["account"] = section.account
    elif isinstance(section, PaperSection):
        row["market"] = section.market.value
    return row | {"config": str(path)}


async def _look(name: ExchangeName, configured: Configured) -> "list[Finding]":
    from nimbus_tui.config.exchange_sections import VenueSection
    from nimbus_tui.exchanges.examination import examine
    from nimbus_tui.orders import client_id

    section = configured.exchanges.get(name)
    engine = configured.engine.name if configured.engine is not None else ""
    if isinstance(section, VenueSection):
        exchange, found = await _real(name, section, configured.path)
        has_account = bool(section.account)
    else:
        exchange, found, has_account = _paper(name, configured.path), [], True
    found += await examine(
        exchange,
        has_account=has_account,
        is_ours=lambda account, order: client_id.is_ours(client_id.tag(account, engine), order),
    )
    return _by_area(found)


def _by_area(found: "list[Finding]") -> "list[Finding]":
    """In the order of areas; what was said first of the instruments is all of it."""
    from nimbus_tui.exchanges.base import Area

    order, listed = list(Area), [one for one in found if one.area is Area.INSTRUMENTS]
    kept = [one for one in found if one.area is not Area.INSTRUMENTS or one is listed[0]]
    return sorted(kept, key=lambda one: order.index(one.area))


async def _real(
    name: ExchangeName, section: "VenueSection", path: Path
) -> "tuple[Exchange, list[Finding]]":
    """The adapter with its key, and what the venue lists, kept for whoever reads configs."""
    from nimbus_tui.cli.passphrases import unlocked
    from nimbus_tui.config.locations import budgets_folder
    from nimbus_tui.engine.clock import LiveClock
    from nimbus_tui.real_venues import RealVenues
    from nimbus_tui.venue_makers import AdapterMaker

    wanted = [section.secret] if section.secret and section.account else []
    secrets = unlocked(wanted, path.parent)
    maker = AdapterMaker(LiveClock(), SystemRandom(), None, budgets_folder())
    venues = RealVenues(maker, {ref: secret.reveal for ref, secret in secrets.items()})
    return venues.adapter(name, section), [await _listed(venues, section)]


async def _listed(venues: Any, section: "VenueSection") -> "Finding":
    from nimbus_tui.config.locations import instruments_path
    from nimbus_tui.engine.clock import LiveClock
    from nimbus_tui.exchanges.base import Area, Finding, Verdict

    kept = instruments_path(section.type, section.network.value)
    try:
        listed = await venues.read_list(section, LiveClock())
    except ExchangeError as error:
        remedy = "check the network, and rest_url if it is set"
        return Finding(Area.INSTRUMENTS, Verdict.PROBLEM, str(error), remedy)
    except OSError as error:
        text = f"what the venue lists can't be kept in {kept}: {error.strerror or error}"
        return Finding(Area.INSTRUMENTS, Verdict.PROBLEM, text, "make room, or mend its rights")
    text = f"{len(listed)} listed ({section.market.value}), kept in {kept}"
    return Finding(Area.INSTRUMENTS, Verdict.OK, text)


def _paper(name: ExchangeName, path: Path) -> "Exchange":
    """A paper exchange as it was left, or as it would begin; nothing of it is changed."""
    from nimbus_tui.bootstrap import load_config
    from nimbus_tui.config.locations import paper_path
    from nimbus_tui.engine.clock import LiveClock
    from nimbus_tui.exchanges.paper.store import PaperStore
    from nimbus_tui.journal.sqlite import MEMORY
    from nimbus_tui.paper_venues import paper_exchange, paper_settings

    config = load_config(path)
    if name not in config.papers:
        raise ConfigError(f"no bot trades on {name}: every bot of its venue is live")
    file = paper_path(config.engine.name, name)
    settings = paper_settings(config, config.papers[name], config.instruments[name].values())
    store = PaperStore(file if file.exists() else MEMORY)
    return paper_exchange(config, name, LiveClock(), store, None, settings)
