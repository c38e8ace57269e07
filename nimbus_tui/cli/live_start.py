"""What an engine needs before it begins: its config, what its venues list, its secrets."""

import asyncio
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from nimbus_tui.cli.diagnostics import say
from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.errors import ExchangeError

if TYPE_CHECKING:
    from nimbus_tui.config.exchange_sections import VenueSection
    from nimbus_tui.config.model import Config
    from nimbus_tui.real_venues import RealVenues, VenueMaker

RED, PLAIN = "\x1b[1;31m", "\x1b[0m"
"""Bold red on a terminal, and back."""


def ready(path: Path) -> "tuple[Config, RealVenues | None]":
    """A config with all that its real venues need; None where it has none.

    Lists of venues are read anew where they are old or lack a symbol, and the passphrase is asked
    for if a bot that trades live has its key in the vault.

    Raises:
        ConfigError: the config is wrong, a symbol isn't listed, or a secret isn't there.
    """
    from nimbus_tui.bootstrap import load_config
    from nimbus_tui.config.listings import Listings
    from nimbus_tui.config.problems import BadConfig
    from nimbus_tui.engine.clock import LiveClock

    listings = Listings()
    try:
        config, problem = load_config(path, listings), None
    except BadConfig as error:
        config, problem = None, error
    outdated = listings.outdated(LiveClock().now())
    if problem is not None and not outdated:
        raise problem
    if config is not None and not config.venues:
        return config, None
    maker = _maker()
    if outdated:
        asyncio.run(_read_anew(outdated, maker))
        config = load_config(path)
    if config is None:
        raise AssertionError("what could not be read was taken")
    return config, _with_keys(config, maker)


def live_bots(config: "Config") -> "dict[Mode, list[str]]":
    """The bots whose orders are real, by whose money they move."""
    found: dict[Mode, list[str]] = {}
    for bot_id in config.bots:
        mode = config.mode(bot_id)
        if mode is not Mode.PAPER:
            found.setdefault(mode, []).append(bot_id)
    return found


def say_modes(config: "Config", *, coloured: bool) -> None:
    """Whose money moves, in as many lines as there are kinds."""
    live = live_bots(config)
    if bots := live.get(Mode.LIVE):
        text = f"LIVE: real money on mainnet moves for {', '.join(bots)}"
        say(f"{RED}{text}{PLAIN}" if coloured else text)
    if bots := live.get(Mode.TESTNET):
        say(f"TESTNET: real orders on testnet for {', '.join(bots)}")
    paper = [str(bot_id) for bot_id in config.bots if config.mode(bot_id) is Mode.PAPER]
    if paper:
        places = {config.bots[bot].common.exchange for bot in config.bots if bot in paper}
        say(f"PAPER: no real orders for {', '.join(paper)} (on {', '.join(sorted(places))})")


def _maker() -> "VenueMaker":
    from nimbus_tui.config.locations import budgets_folder, keys_folder
    from nimbus_tui.engine.clock import LiveClock
    from nimbus_tui.venue_makers import AdapterMaker

    return AdapterMaker(LiveClock(), SystemRandom(), keys_folder(), budgets_folder())


async def _read_anew(sections: "list[VenueSection]", maker: "VenueMaker") -> None:
    from nimbus_tui.engine.clock import LiveClock
    from nimbus_tui.real_venues import RealVenues

    venues = RealVenues(maker, {})
    for section in sections:
        try:
            await venues.read_list(section, LiveClock())
        except (ExchangeError, OSError) as error:
            where = f"{section.type} {section.network.value}"
            say(f"warning: what {where} lists can't be read anew: {error}")


def _with_keys(config: "Config", maker: "VenueMaker") -> "RealVenues":
    from nimbus_tui.cli.passphrases import unlocked
    from nimbus_tui.real_venues import RealVenues

    trading = {bot.common.exchange for bot in config.bots.values()}
    wanted = {one.secret for name, one in config.venues.items() if name in trading and one.secret}
    secrets = unlocked(sorted(wanted), config.path.parent)
    return RealVenues(maker, {name: secret.reveal for name, secret in secrets.items()})
