"""Tables of real venues: what they take, and one line for each mistake."""

from pathlib import Path

import pytest

from nimbus_tui.config.exchange_sections import HyperliquidSection, MarketKind, NetworkName
from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.instrument import MarginMode
from tests.config.venues import ADDRESS, BOT, KEY, VENUE, config_of, lines_of, list_everything

LIVE = BOT + "live = true\n"
SIM = '[exchanges.sim]\ntype = "paper"\n'


@pytest.fixture(autouse=True)
def _listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    list_everything()


def test_a_live_bot_trades_on_the_venue_itself() -> None:
    config = config_of(VENUE + LIVE + 'leverage = 3\nmargin = "isolated"\n')
    section, bot = config.venues["hl"], config.bots["eth"]
    assert isinstance(section, HyperliquidSection)
    assert (section.network, section.market) == (NetworkName.TESTNET, MarketKind.PERP)
    assert (section.account, section.secret) == (ADDRESS, "hl-agent")
    assert (bot.common.exchange, bot.common.leverage) == ("hl", 3)
    assert bot.common.margin is MarginMode.ISOLATED
    assert config.instruments["hl"]["ETH/USDC:USDC"].significant_figures == 5
    assert list(config.exchanges) == ["hl"]


@pytest.mark.parametrize(
    ("network", "live", "expected"),
    [
        ("testnet", "false", Mode.PAPER),
        ("mainnet", "false", Mode.PAPER),
        ("testnet", "true", Mode.TESTNET),
        ("mainnet", "true", Mode.LIVE),
    ],
)
def test_whose_money_moves_is_known_from_network_and_bot(
    network: str, live: str, expected: Mode
) -> None:
    text = VENUE.replace("testnet", network) + BOT + f"live = {live}\n"
    assert config_of(text).mode("eth") is expected


@pytest.mark.parametrize("secret", ["hl-agent", "env:HL_KEY", "file:/etc/hl.key", "file:~/k"])
def test_a_secret_is_named_in_one_of_three_ways(secret: str) -> None:
    assert lines_of(VENUE.replace("hl-agent", secret) + LIVE) == []


MISTAKES = {
    "no network": (
        VENUE.replace('network = "testnet"\n', "") + BOT,
        "1:2 exchanges.hl.network:",
        'takes one of "mainnet", "testnet"',
    ),
    "network": (VENUE.replace("testnet", "testnt") + BOT, "3:1 exchanges.hl.network:", "testnet"),
    "typo": (
        VENUE.replace("account", "acount") + BOT,
        "4:1 exchanges.hl.acount:",
        "did you mean 'account'?",
    ),
    "type": (
        VENUE.replace("hyperliquid", "hyperliqud") + BOT,
        "2:1 exchanges.hl.type:",
        "did you mean 'hyperliquid'? allowed: paper, hyperliquid",
    ),
    "a paper key": (
        VENUE + "balances = { USDC = 1 }\n" + BOT,
        "6:1 exchanges.hl.balances:",
        'is a key of type = "paper", not of hyperliquid',
    ),
    "a venue key": (
        SIM + 'network = "testnet"\n' + BOT.replace("hl", "sim"),
        "3:1 exchanges.sim.network:",
        'is a key of type = "hyperliquid", not of paper',
    ),
    "a paper market": (
        VENUE + 'market = "replay"\n' + BOT,
        "6:1 exchanges.hl.market:",
        'is a market of type = "paper"; hyperliquid takes perp, spot',
    ),
    "a venue market": (
        SIM + 'market = "perp"\n' + BOT.replace("hl", "sim"),
        "3:1 exchanges.sim.market:",
        "is a market of a real venue; paper takes synthetic, replay, live",
    ),
    "address": (
        VENUE.replace(ADDRESS, ADDRESS[:-1]) + BOT,
        "4:1 exchanges.hl.account:",
        "write 0x and 40 hex digits",
    ),
    "secret": (
        VENUE.replace("hl-agent", "env:") + BOT,
        "5:1 exchanges.hl.secret:",
        "needs the name of a variable",
    ),
    "rest scheme": (
        VENUE + 'rest_url = "ftp://x"\nws_url = "ws://x"\n' + BOT,
        "6:1 exchanges.hl.rest_url:",
        "https://HOST or http://HOST:PORT",
    ),
    "ws scheme": (
        VENUE + 'rest_url = "http://x"\nws_url = "http://x"\n' + BOT,
        "7:1 exchanges.hl.ws_url:",
        "wss://HOST or ws://HOST:PORT",
    ),
    "port": (
        VENUE + 'rest_url = "http://x:99999"\nws_url = "ws://x"\n' + BOT,
        "6:1 exchanges.hl.rest_url:",
        "must be an address",
    ),
    "one url": (
        VENUE + 'rest_url = "http://x"\n' + BOT,
        "6:1 exchanges.hl.rest_url:",
        "give ws_url too",
    ),
    "live without account": (
        VENUE.replace(f'account = "{ADDRESS}"\n', "") + LIVE,
        "13:1 bots.eth.live:",
        "need exchanges.hl.account; set it, or leave live out",
    ),
    "live without secret": (
        VENUE.replace('secret = "hl-agent"\n', "") + LIVE,
        "13:1 bots.eth.live:",
        "need exchanges.hl.secret",
    ),
    "live on paper": (
        SIM + LIVE.replace("hl", "sim"),
        "11:1 bots.eth.live:",
        "sim is a paper exchange, where nothing is live",
    ),
    "leverage on paper": (
        SIM + BOT.replace("hl", "sim") + "leverage = 3\n",
        "11:1 bots.eth.leverage:",
        "the leverage of a paper exchange is exchanges.sim.leverage",
    ),
    "margin on paper": (
        SIM + BOT.replace("hl", "sim") + 'margin = "cross"\n',
        "11:1 bots.eth.margin:",
        "sim is a paper exchange",
    ),
    "margin alone": (
        VENUE + LIVE + 'margin = "cross"\n',
        "15:1 bots.eth.margin:",
        "give leverage too",
    ),
    "leverage in halves": (
        VENUE + LIVE + "leverage = 2.5\n",
        "15:1 bots.eth.leverage:",
        "a whole number",
    ),
    "spot on perp": (
        VENUE + BOT.replace("ETH/USDC:USDC", "HYPE/USDC"),
        "10:1 bots.eth.symbol:",
        'HYPE/USDC is spot, but exchanges.hl has market = "perp"',
    ),
    "perp on spot": (
        VENUE + 'market = "spot"\n' + BOT,
        "11:1 bots.eth.symbol:",
        'is a perpetual, but exchanges.hl has market = "spot"',
    ),
    "leverage on spot": (
        VENUE + 'market = "spot"\n' + BOT.replace("ETH/USDC:USDC", "HYPE/USDC") + "leverage = 2\n",
        "15:1 bots.eth.leverage:",
        "is for perpetuals",
    ),
    "not listed": (
        VENUE + BOT.replace("ETH/", "ETHE/"),
        "10:1 bots.eth.symbol:",
        "hyperliquid testnet does not list ETHE/USDC:USDC; did you mean 'ETH/USDC:USDC'?",
    ),
}


@pytest.mark.parametrize(("text", "place", "remedy"), MISTAKES.values(), ids=MISTAKES.keys())
def test_one_mistake_is_one_line_with_place_and_remedy(text: str, place: str, remedy: str) -> None:
    (line,) = lines_of(text)
    assert line.startswith(place)
    assert remedy in line


@pytest.mark.parametrize(
    "line",
    [
        f'secret = "{KEY}"',
        f'secret = "0x{KEY}"',
        f'secret = "key {KEY.upper()} "',
        f"secret = 0x{KEY}",
        'secret = "${PASTED}"',
        f'account = "{KEY}"',
        f'rest_url = "https://x/{KEY}"',
        f'risk = {{ hold = "{KEY}" }}',
        f'colour = "{KEY}"',
    ],
)
def test_a_pasted_key_is_told_with_the_remedy_and_not_repeated(line: str) -> None:
    text = '[exchanges.hl]\ntype = "hyperliquid"\nnetwork = "testnet"\n' + line + "\n" + BOT
    told = "\n".join(lines_of(text, {"PASTED": KEY}))
    assert "this looks like a private key" in told
    assert "nimbus-tui secrets set" in told
    assert KEY not in told.lower()
    assert str(int(KEY, 16)) not in told


def test_what_stands_in_secret_is_never_repeated() -> None:
    (line,) = lines_of(VENUE.replace("hl-agent", "correct horse battery staple") + BOT)
    assert "horse" not in line
