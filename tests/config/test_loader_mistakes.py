"""What is wrong in a config is told with its place and its remedy, all of it at once."""

import pytest

from tests.config.loading import SECOND, lines_of
from tests.config.texts import GOOD, changed, problems_of

ONE_PROBLEM = {
    "typo in a key": (("spacing =", "spacng ="), "8:1 bots.eth.spacng:", "mean 'spacing'?"),
    "typo in a table": (("[bots.eth]", "[bot.eth]"), "4:2 bot:", "mean 'bots'?"),
    "text for a whole number": (
        ("levels = 3", 'levels = "three"'),
        "9:1 bots.eth.levels:",
        'must be a whole number, not the text "three"',
    ),
    "text for a number": (("0.5", '"0.5"'), "8:1 bots.eth.spacing:", "must be a number"),
    "a fraction of a level": (("= 3", "= 3.5"), "9:1 bots.eth.levels:", "whole number, not 3.5"),
    "true for a number": (("= 100", "= true"), "10:1 bots.eth.quote_size:", "number, not true"),
    "true for a level": (("= 3", "= true"), "9:1 bots.eth.levels:", "whole number, not true"),
    "a list for a number": (("0.5", "[1]"), "8:1 bots.eth.spacing:", "not a list"),
    "a date for a number": (("0.5", "2026-01-01"), "8:1 bots.eth.spacing:", "not the date"),
    "not a number": (("0.5", "nan"), "8:1 bots.eth.spacing:", "must be a finite number"),
    "infinity": (("0.5", "-inf"), "8:1 bots.eth.spacing:", "must be a finite number"),
    "an astronomic number": (("= 100", "= 1e99"), "10:1 bots.eth.quote_size:", "1e30"),
    "a number for text": (('"ETH/USDC"', "3"), "7:1 bots.eth.symbol:", "text in quotes, not 3"),
    "spacing 0": (("0.5", "0"), "8:1 bots.eth.spacing:", "greater than 0"),
    "levels -1": (("= 3", "= -1"), "9:1 bots.eth.levels:", "at least 1"),
    "base price 0": (("= 3", "= 3\nbase_price = 0"), "10:1 bots.eth.base_price:", "than 0, not 0"),
    "trigger price 0": (
        ("= 3", "= 3\ntrigger_price = 0.0"),
        "10:1 bots.eth.trigger_price:",
        "than 0",
    ),
    "unknown strategy": (('"grid"', '"gird"'), "5:1 bots.eth.strategy:", "did you mean 'grid'?"),
    "missing strategy": (('strategy = "grid"\n', ""), "4:2 bots.eth.strategy:", "allowed: grid"),
    "missing symbol": (('symbol = "ETH/USDC"\n', ""), "4:2 bots.eth.symbol:", "is missing"),
    "missing exchange": (('exchange = "sim"\n', ""), "4:2 bots.eth.exchange:", "there are: sim"),
    "unknown exchange": (('= "sim"', '= "simm"'), "6:1 bots.eth.exchange:", "did you mean 'sim'?"),
    "unknown venue": (('= "paper"', '= "binance"'), "2:1 exchanges.sim.type:", "allowed: paper"),
    "unknown choice": (
        ("levels", 'mode = "geometrc"\nlevels'),
        "9:1 bots.eth.mode:",
        "did you mean 'geometric'?",
    ),
    "no such market": (
        ('"paper"', '"paper"\nmarket = "lively"'),
        "3:1 exchanges.sim.market:",
        'one of "synthetic", "replay", "live"',
    ),
    "bad symbol": (("ETH/USDC", "eth-usdc"), "7:1 bots.eth.symbol:", "BASE/QUOTE"),
    "unknown instrument": (
        ("ETH/USDC", "FOO/USDC"),
        "7:1 bots.eth.symbol:",
        '[exchanges.sim.instruments."FOO/USDC"]',
    ),
    "bad name": (("bots.eth", 'bots."../x"'), '4:2 bots."../x":', "letters, digits"),
    "live": (("levels", "live = true\nlevels"), "9:1 bots.eth.live:", "a paper exchange"),
    "capital 0": (("levels", "capital = 0\nlevels"), "9:1 bots.eth.capital:", "greater than 0"),
    "risk key outside": (
        ("levels", "collar = 3\nlevels"),
        "9:1 bots.eth.collar:",
        "risk = { collar",
    ),
    "risk typo": (
        ("levels", "risk = { colar = 3 }\nlevels"),
        "9:10 bots.eth.risk.colar:",
        "did you mean 'collar'?",
    ),
    "risk 0": (
        ("levels", "risk = { stop_loss = 0 }\nlevels"),
        "9:10 bots.eth.risk.stop_loss:",
        "greater than 0",
    ),
    "risk no table": (
        ("levels", "risk = 5\nlevels"),
        "9:1 bots.eth.risk:",
        "must be a table, not 5",
    ),
    "shorthand and key": (
        ("levels", "stop_loss = 3\nrisk = { stop_loss = 3 }\nlevels"),
        "9:1 bots.eth.stop_loss:",
        "risk.stop_loss; give it once",
    ),
    "percent and price": (
        ("levels", "risk = { stop_loss = 3, stop_loss_price = 9 }\nlevels"),
        "9:25 bots.eth.risk.stop_loss_price:",
        "not both",
    ),
    "unset variable": (("ETH/USDC", "${NOPE}/USDC"), "7:1 bots.eth.symbol:", "NOPE is not set"),
    "no variable": (("ETH/USDC", "${}/USDC"), "7:1 bots.eth.symbol:", "no variable"),
    "fee in percent": (
        ("[bots", '[exchanges.sim.instruments."ETH/USDC"]\nmaker_fee = 2\n[bots'),
        '5:1 exchanges.sim.instruments."ETH/USDC".maker_fee:',
        "less than 0.1, not 2",
    ),
    "tick of 0": (
        ("[bots", '[exchanges.sim.instruments."ETH/USDC"]\ntick_size = 0\n[bots'),
        '5:1 exchanges.sim.instruments."ETH/USDC".tick_size:',
        "greater than 0",
    ),
    "instrument no symbol": (
        ("[bots", "[exchanges.sim.instruments.eth]\ntick_size = 1\n[bots"),
        "4:2 exchanges.sim.instruments.eth:",
        "BASE/QUOTE",
    ),
    "negative balance": (
        ('"paper"', '"paper"\nbalances = { USDC = -1 }'),
        "3:14 exchanges.sim.balances.USDC:",
        "at least 0",
    ),
    "no asset": (
        ('"paper"', '"paper"\nbalances = { usdc = 1 }'),
        "3:14 exchanges.sim.balances.usdc:",
        "capitals",
    ),
    "speed 0": (('"paper"', '"paper"\nspeed = 0'), "3:1 exchanges.sim.speed:", "greater than 0"),
    "bad TOML": (("0.5", "= 0.5"), "8:11:", "not valid TOML: Invalid value"),
    "an end too soon": (("= 100\n", '= "100'), "10:18:", "not valid TOML"),
    "duplicate bot": (
        ("quote_size = 100", "quote_size = 100\n[bots.eth]"),
        "11:2 bots.eth:",
        "in line 4 and in line 11",
    ),
    "duplicate key": (
        ("quote_size = 100", "quote_size = 100\nlevels = 3"),
        "11:1 bots.eth.levels:",
        "in line 9 and in line 11",
    ),
    "numbers too large together": (
        ("= 3", "= 90\nbase_price = 2400\nsize_scale = 1e30"),
        "4:2 bots.eth:",
        "too large or too small",
    ),
}


@pytest.mark.parametrize("name", ONE_PROBLEM)
def test_one_mistake_is_one_line_with_place_and_remedy(name: str) -> None:
    change, start, remedy = ONE_PROBLEM[name]
    told = lines_of(changed(change))
    assert len(told) == 1
    assert told[0].startswith(start)
    assert remedy in told[0]


SECTIONS = {
    "[engine]\nname = 'a/b'\n": ("2:1 engine.name:", "folder"),
    "[engine]\nname = '..'\n": ("2:1 engine.name:", "folder"),
    "[engine]\ncurrency = 'usd'\n": ("2:1 engine.currency:", "capitals"),
    "[engine]\nshutdown_timeout = 0\n": ("2:1 engine.shutdown_timeout:", "greater than 0"),
    "[engine]\nmax_restarts = -1\n": ("2:1 engine.max_restarts:", "at least 0"),
    "[engine]\ndurability = 'disk'\n": ("2:1 engine.durability:", '"process", "power"'),
    "[ui]\nfps = 0\n": ("2:1 ui.fps:", "at least 1"),
    "[ui]\nfps = 61\n": ("2:1 ui.fps:", "at most 60"),
    "[risk]\ncollar = -5\n": ("2:1 risk.collar:", "greater than 0"),
    "[risk]\nequity = 5\n": ("2:1 risk.equity:", "did you mean 'equity_floor'"),
    "engine = 3\n": ("1:1 engine:", "must be a table, not 3"),
}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_mistake_in_a_section_is_one_line_too(section: str) -> None:
    start, remedy = SECTIONS[section]
    told = lines_of(section + GOOD)
    assert len(told) == 1
    assert told[0].startswith(start)
    assert remedy in told[0]


def test_all_mistakes_are_told_at_once_from_the_top_down() -> None:
    text = "[engine]\nnam = 1\n" + changed(
        ("0.5", "0"), ("= 3", "= -1"), ("= 100", '= "x"'), ('"paper"', '"paper"\nleverage = 0')
    )
    assert [problem.key for problem in problems_of(text + SECOND.replace("grid", "grit"))] == [
        "engine.nam",
        "exchanges.sim.leverage",
        "bots.eth.spacing",
        "bots.eth.levels",
        "bots.eth.quote_size",
        "bots.two.strategy",
    ]


def test_an_empty_file_lacks_bots_and_exchanges() -> None:
    assert [problem.key for problem in problems_of("")] == ["exchanges", "bots"]


@pytest.mark.parametrize(
    "text", ["bots = 3", "bots = [1]", "[bots]\neth = 3", "exchanges = '${X}'"]
)
def test_tables_that_are_none_are_told(text: str) -> None:
    assert problems_of(text)
