"""The first screen of somebody who has no config yet: five ways to begin, the harmless first."""

import re
from enum import Enum
from typing import NamedTuple

from nimbus_tui.config.starter import Start
from nimbus_tui.tui.viewmodels.lines import Cell, Line, blank, left, paragraphs

_ACCOUNT = re.compile(r"0x[0-9a-fA-F]{40}\Z")
_NAME = 24
_KEY_LENGTH = 66


class Way(Enum):
    """How somebody begins."""

    DEMO = "demo"
    PAPER = Start.PAPER
    PRICES = Start.PRICES
    TESTNET = Start.TESTNET
    LIVE = Start.LIVE

    @property
    def is_real(self) -> bool:
        """Whether real orders go out."""
        return isinstance(self.value, Start) and self.value.is_real


class Offer(NamedTuple):
    """One way in words."""

    way: Way
    name: str
    needs: str
    told: str


OFFERS = (
    Offer(
        Way.DEMO, "demo", "nothing",
        "All four kinds of bots on a made-up market. Nothing is kept, nothing can go wrong.",
    ),
    Offer(
        Way.PAPER, "paper, made-up prices", "nothing",
        "A config of your own with one grid bot, on prices that are made up here. Change it, add "
        "bots, break it: no real order leaves.",
    ),
    Offer(
        Way.PRICES, "paper, live prices", "a network",
        "The same bot at Hyperliquid's real prices, with paper money. No account, no key.",
    ),
    Offer(
        Way.TESTNET, "testnet", "a testnet account",
        "Real orders with play money on Hyperliquid's testnet. Needs the account's address and the "
        "key of an agent wallet.",
    ),
    Offer(
        Way.LIVE, "live", "an account with money",
        "REAL MONEY on Hyperliquid. Needs the account's address and the key of an agent wallet, "
        "which can trade but not withdraw. Begin with little.",
    ),
)  # fmt: skip


def welcome_lines(at: int, width: int, trouble: str = "") -> tuple[list[Line], int]:
    """The offers with the selected one told in full, and the selected line's place."""
    lines: list[Line] = []
    if trouble:
        lines += [*paragraphs(f"✗ {trouble}", width - 2, "loss"), ()]
    place = 0
    for number, offer in enumerate(OFFERS):
        if number == at:
            place = len(lines)
        tone = "loss" if offer.way is Way.LIVE else "strong"
        lines.append(
            (
                Cell(f" {number + 1} ", "key"),
                left(offer.name, _NAME, tone),
                Cell(f"needs {offer.needs}", "muted"),
            )
        )
        if number == at:
            lines += [(blank(3), *line) for line in paragraphs(offer.told, width - 6)]
    return lines, place


def account_trouble(typed: str) -> str:
    """Why what was typed is no account's address; empty where it is one."""
    text = typed.strip()
    if _ACCOUNT.match(text):
        return ""
    if not text:
        return "type the address of the account that is traded for"
    if len(text) == _KEY_LENGTH and text.startswith("0x"):
        return "that is as long as a private key: never type a key here. The address is shorter"
    return "an address is 0x and 40 hex digits, like 0x1234…cdef"
