"""A first config to begin with: one grid bot, on paper or on a real venue."""

from enum import Enum

from nimbus_tui.core.errors import ConfigError


class Start(Enum):
    """Where the first bot trades, from the harmless to the real."""

    PAPER = "paper"
    PRICES = "live-prices"
    TESTNET = "testnet"
    LIVE = "live"

    @property
    def is_real(self) -> bool:
        """Whether real orders go out."""
        return self in (Start.TESTNET, Start.LIVE)


_PAPER = """\
[exchanges.sim]
type = "paper"                  # made-up prices; no account, key or network
balances = { USDC = 10_000 }
"""
_VENUE = """\
[exchanges.hl]
type = "hyperliquid"
network = "%s"
market = "perp"                 # or "spot"
"""
_ACCOUNT = """\
account = "%s"
secret = "%s"             # where the agent's key is: a name in the vault, env:VAR, file:PATH
"""
_BOT = """\

[bots.eth-grid]
strategy = "grid"
exchange = "%s"
symbol = "%s"
spacing = 0.5                   # percent between two levels
levels = 3                      # on each side of the base
quote_size = 100                # in the quote, an order
risk = { stop_loss = 10, drawdown = 15 }
"""
_LIVE = """\
live = true                     # real orders; without it: paper, at the venue's prices
leverage = 2
margin = "isolated"
"""


def starter(start: Start, account: str, secret: str) -> str:
    """The text of a config.

    Raises:
        ConfigError: real orders were asked for without an account.
    """
    if start is Start.PAPER:
        return _PAPER + _BOT % ("sim", "ETH/USDC")
    if start.is_real and not account:
        raise ConfigError(
            f"for {start.value} say whose account it is: --account 0x… (the address that is traded "
            "for, not the agent's)"
        )
    network = "testnet" if start is Start.TESTNET else "mainnet"
    head = _VENUE % network + (_ACCOUNT % (account, secret) if account else "")
    return head + _BOT % ("hl", "ETH/USDC:USDC") + (_LIVE if start.is_real else "")
