"""What can be wrong with the table of a real venue, and with the bots that trade there."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from nimbus_tui.config.exchange_sections import (
    ExchangeSection,
    HyperliquidSection,
    MarketSource,
    PaperSection,
    VenueSection,
)
from nimbus_tui.config.model import BotConfig
from nimbus_tui.config.problems import Findings, did_you_mean
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import MarketType, parse_symbol
from nimbus_tui.core.secret import secret_reference

Account = tuple[str, ...]
"""What tells one account at one venue from another."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")
_SCHEMES = {"rest_url": ("https", "http"), "ws_url": ("wss", "ws")}


def check_venue(name: ExchangeName, section: VenueSection, findings: Findings) -> None:
    """The account, where its key is, and other addresses of the venue."""
    path = ("exchanges", name)
    is_address = _ADDRESS.match(section.account) is not None
    if isinstance(section, HyperliquidSection) and section.account and not is_address:
        findings.say(
            (*path, "account"),
            f"{section.account!r} is no address; write 0x and 40 hex digits, the address of "
            "the account that is traded for (not of the agent)",
        )
    if section.secret:
        try:
            secret_reference(section.secret)
        except ConfigError as error:
            findings.say((*path, "secret"), str(error))
    for key, schemes in _SCHEMES.items():
        _check_url((*path, key), getattr(section, key), schemes, findings)
    if bool(section.rest_url) != bool(section.ws_url):
        given, other = ("rest_url", "ws_url") if section.rest_url else ("ws_url", "rest_url")
        findings.say(
            (*path, given),
            f"give {other} too: orders and prices must be of one and the same venue",
        )


def _check_url(
    path: tuple[str, ...], url: str, schemes: tuple[str, ...], findings: Findings
) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        is_good = is_good and not (set(url) & set(" \t\r\n"))
    except ValueError:  # a port that is no number, a broken IPv6 address
        is_good = False
    if not is_good:
        first, second = schemes
        findings.say(path, f"must be an address like {first}://HOST or {second}://HOST:PORT")


def check_price_venues(
    sections: Mapping[ExchangeName, ExchangeSection], findings: Findings
) -> None:
    """A paper exchange with live prices says whose they are."""
    venues = [name for name, one in sections.items() if isinstance(one, VenueSection)]
    there_are = f"there are: {', '.join(venues) or 'none'}"
    for name, section in sections.items():
        if not isinstance(section, PaperSection) or section.market is not MarketSource.LIVE:
            continue
        path = ("exchanges", name, "prices_from")
        if section.prices_from is None:
            findings.say(
                path,
                f"live prices come from a real venue; name its [exchanges.…] table; {there_are}",
            )
        elif section.prices_from not in venues:
            hint = did_you_mean(section.prices_from, venues) or ";"
            findings.say(path, f"there is no real venue {section.prices_from!r}{hint} {there_are}")


def check_live_bots(
    bots: Mapping[BotId, BotConfig],
    sections: Mapping[ExchangeName, ExchangeSection],
    findings: Findings,
) -> None:
    """Real orders need a real venue with an account and a key; so do leverage and margin."""
    for bot_id, bot in bots.items():
        name, path = bot.common.exchange, ("bots", bot_id)
        section = sections.get(name)
        if isinstance(section, PaperSection):
            _check_on_paper(bot, findings)
        elif isinstance(section, VenueSection):
            if bot.common.live:
                lacking = [key for key in ("account", "secret") if not getattr(section, key)]
                if lacking:
                    findings.say(
                        (*path, "live"),
                        f"real orders on {name} need exchanges.{name}.{lacking[0]}; "
                        "set it, or leave live out to trade on paper",
                    )
            _check_market(bot, name, section, findings)
            _check_leverage(bot, section, findings)


def _check_on_paper(bot: BotConfig, findings: Findings) -> None:
    name, path = bot.common.exchange, ("bots", bot.bot_id)
    if bot.common.live:
        findings.say(
            (*path, "live"),
            f"{name} is a paper exchange, where nothing is live; leave live out, or name the "
            "[exchanges.…] table of a real venue in exchange",
        )
    if bot.common.leverage is not None:
        findings.say(
            (*path, "leverage"),
            f"is for real venues; the leverage of a paper exchange is exchanges.{name}.leverage",
        )
    if bot.common.margin is not None:
        findings.say((*path, "margin"), f"is for real venues, and {name} is a paper exchange")


def _check_market(
    bot: BotConfig, name: ExchangeName, section: VenueSection, findings: Findings
) -> None:
    """Perpetuals on one kind of section, spot on the other."""
    for symbol in bot.symbols:
        market = parse_symbol(symbol).market
        if market is not section.market.type:
            other = "perp" if market is MarketType.PERPETUAL else "spot"
            findings.say(
                ("bots", bot.bot_id, bot.symbols_key),
                f"{symbol} is {'spot' if other == 'spot' else 'a perpetual'}, but exchanges.{name} "
                f'has market = "{section.market.value}"; trade it on an [exchanges.…] table with '
                f'market = "{other}"',
            )


def _check_leverage(bot: BotConfig, section: VenueSection, findings: Findings) -> None:
    path = ("bots", bot.bot_id)
    for key in ("leverage", "margin"):
        if getattr(bot.common, key) is not None and section.market.type is MarketType.SPOT:
            findings.say((*path, key), "is for perpetuals, and this bot trades spot")
            return
    if bot.common.margin is not None and bot.common.leverage is None:
        findings.say((*path, "margin"), "is set together with leverage; give leverage too")


def check_shared_positions(
    bots: Mapping[BotId, BotConfig],
    sections: Mapping[ExchangeName, ExchangeSection],
    findings: Findings,
) -> None:
    """Two bots on one derivative of one account would share one net position."""
    owners: dict[tuple[Account, Symbol], BotConfig] = {}
    for bot in bots.values():
        name = bot.common.exchange
        for symbol in bot.symbols:
            if parse_symbol(symbol).market is MarketType.SPOT:
                continue
            owner = owners.setdefault((_account(name, sections.get(name)), symbol), bot)
            if owner.bot_id != bot.bot_id:
                findings.say(
                    ("bots", bot.bot_id, bot.symbols_key),
                    f"{owner.bot_id} trades {symbol} on {owner.common.exchange} already"
                    f"{_same_account(owner, bot)} and they would share one position; "
                    "give one of them an exchange of its own",
                )


def _same_account(owner: BotConfig, bot: BotConfig) -> str:
    name = bot.common.exchange
    return "" if name == owner.common.exchange else f", which is the same account as {name},"


def _account(name: ExchangeName, section: ExchangeSection | None) -> Account:
    if isinstance(section, VenueSection) and section.account:
        return (section.type, section.network.value, section.account.lower())
    return (name,)
