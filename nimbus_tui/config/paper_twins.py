"""Bots on a real venue without `live = true` trade on its paper twin, at the venue's live prices.

The twin of `[exchanges.hl]` is the paper exchange `hl-paper`. Who wants other balances than the
usual ones writes that table: `type = "paper"`, `market = "live"`, `prices_from = "hl"`.
"""

from collections.abc import Mapping

import msgspec

from nimbus_tui.config.exchange_sections import (
    ExchangeSection,
    MarketSource,
    PaperSection,
    VenueSection,
)
from nimbus_tui.config.model import BotConfig
from nimbus_tui.config.problems import Findings
from nimbus_tui.core.ids import BotId, ExchangeName

Bots = dict[BotId, BotConfig]
Sections = dict[ExchangeName, ExchangeSection]


def twin_name(venue: ExchangeName) -> ExchangeName:
    """What the paper exchange is called that stands in for a venue."""
    return ExchangeName(f"{venue}-paper")


def moved_to_twins(
    bots: Mapping[BotId, BotConfig],
    sections: Mapping[ExchangeName, ExchangeSection],
    findings: Findings,
) -> tuple[Bots, Sections]:
    """The bots where they trade in truth, and the exchanges with the twins that this takes."""
    moved, all_sections = dict(bots), dict(sections)
    for bot_id, bot in bots.items():
        venue = bot.common.exchange
        section = sections.get(venue)
        if not isinstance(section, VenueSection) or bot.common.live:
            continue
        twin = twin_name(venue)
        if not _is_free(venue, sections.get(twin), findings):
            continue
        all_sections.setdefault(twin, _twin_of(venue, section))
        common = msgspec.structs.replace(bot.common, exchange=twin)
        moved[bot_id] = msgspec.structs.replace(bot, common=common)
    return moved, all_sections


def _is_free(venue: ExchangeName, taken: ExchangeSection | None, findings: Findings) -> bool:
    """Whether the twin's name is free, or taken by a table that is meant for it."""
    if taken is None or (isinstance(taken, PaperSection) and taken.prices_from == venue):
        return True
    twin = twin_name(venue)
    findings.say(
        ("exchanges", twin),
        f"bots on {venue} without live = true trade on a paper exchange of this name; give it "
        f'market = "live" and prices_from = "{venue}", or call this one otherwise',
    )
    return False


def _twin_of(venue: ExchangeName, section: VenueSection) -> PaperSection:
    return PaperSection(
        type="paper", market=MarketSource.LIVE, prices_from=venue, risk=section.risk
    )
