"""What is read from a config file, and everything that can be wrong with it, with its place."""

import hashlib
import os
import socket
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.config.exchange_sections import MarketSource
from nimbus_tui.config.loader import MAX_BYTES, check, load, load_text, read_text
from nimbus_tui.config.model import OnShutdown, OnStop
from nimbus_tui.config.problems import BadConfig
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.strategies.base import BaseTradingStrategy, Problem, StrategyConfig, StrategyState
from tests.config.texts import GOOD, PATH, changed, config_of, problems_of

PERPETUAL = ('"ETH/USDC"', '"ETH/USDC:USDC"')
SECOND = GOOD[GOOD.index("[bots") :].replace("bots.eth", "bots.two")


def lines_of(text: str, **given: Any) -> list[str]:
    """The problems as a person reads them, without the file's name."""
    return [str(problem).removeprefix(f"{PATH}:") for problem in problems_of(text, **given)]


# what is read


def test_a_good_config_is_read_with_its_defaults() -> None:
    config = config_of(GOOD)
    bot = config.bots["eth"]
    assert (config.engine.name, config.engine.currency) == ("bots", "USDC")
    assert config.engine.on_shutdown is OnShutdown.KEEP
    assert bot.common.on_stop is OnStop.KEEP
    assert not bot.common.live
    assert (bot.limits.collar, bot.limits.repeat_refusals) == (Decimal(10), 5)
    assert bot.symbols == ("ETH/USDC",)
    assert config.instruments == {"sim": {"ETH/USDC": builtin_instrument("ETH/USDC")}}


def test_numbers_keep_their_digits() -> None:
    config = config_of(changed(("0.5", "0.1")))
    assert config.bots["eth"].parameters.spacing == Decimal("0.1")


def test_the_text_and_its_hash_are_kept() -> None:
    config = config_of(GOOD)
    assert config.text == GOOD
    assert config.digest == hashlib.sha256(GOOD.encode()).hexdigest()


def test_a_given_name_of_the_engine_wins_over_the_files() -> None:
    assert config_of('[engine]\nname = "home"\n' + GOOD).engine.name == "home"


def test_the_limits_of_all_bots_hold_where_a_bot_has_none_of_its_own() -> None:
    text = "[risk]\ncollar = 4\nrepeat_refusals = 2\n" + changed(end="risk = { collar = 7 }\n")
    config = config_of(text + SECOND)
    limits = {
        name: (bot.limits.collar, bot.limits.repeat_refusals) for name, bot in config.bots.items()
    }
    assert limits == {"eth": (Decimal(7), 2), "two": (Decimal(4), 2)}


def test_a_strategys_stop_loss_is_short_for_the_risk_key() -> None:
    limits = config_of(changed(end="stop_loss = 5\n")).bots["eth"].limits
    assert limits.stop_loss == Decimal(5)


def test_an_instrument_of_the_config_changes_the_built_in_one() -> None:
    table = '[exchanges.sim.instruments."ETH/USDC"]\ntick_size = 0.5\n'
    found = config_of(changed(end=table)).instruments["sim"]["ETH/USDC"]
    assert (found.tick_size, found.lot_size) == (Decimal("0.5"), Decimal("0.0001"))


def test_an_instrument_that_nobody_knows_can_be_given_whole() -> None:
    table = '[exchanges.sim.instruments."FOO/USDC"]\ntick_size = 0.5\nlot_size = 2\n'
    config = config_of(changed(("ETH/USDC", "FOO/USDC"), end=table))
    assert config.instruments["sim"]["FOO/USDC"] == Instrument(
        symbol="FOO/USDC", tick_size=Decimal("0.5"), lot_size=Decimal(2)
    )


def test_variables_come_from_the_environment() -> None:
    text = changed(('"ETH/USDC"', '"${COIN}/USDC"'))
    assert config_of(text, environment={"COIN": "BTC"}).bots["eth"].symbols == ("BTC/USDC",)


def test_the_environment_is_the_process_own_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMBUS_TEST_COIN", "SOL")
    text = changed(('"ETH/USDC"', '"${NIMBUS_TEST_COIN}/USDC"'))
    config = load_text(text, PATH, builtin_instrument)
    assert config.bots["eth"].symbols == ("SOL/USDC",)


def test_a_file_is_read_as_its_text_is(tmp_path: Path) -> None:
    path = tmp_path / "home.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    config = load(path, builtin_instrument)
    assert (config.path, config.text, config.engine.name) == (path, GOOD, "home")
    assert check(path, builtin_instrument) == []


# what is wrong

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


def test_two_bots_on_one_derivative_of_one_account_are_refused() -> None:
    text = changed(PERPETUAL) + SECOND.replace(*PERPETUAL)
    (told,) = lines_of(text)
    assert told.startswith("14:1 bots.two.symbol: eth trades ETH/USDC:USDC on sim already")


def test_two_bots_may_share_a_spot_symbol_or_have_an_account_each() -> None:
    other = '[exchanges.other]\ntype = "paper"\n'
    elsewhere = SECOND.replace(*PERPETUAL).replace('"sim"', '"other"')
    assert problems_of(GOOD + SECOND) == []
    assert problems_of(changed(PERPETUAL) + elsewhere + other) == []


def test_the_capitals_of_spot_bots_must_fit_the_balance() -> None:
    text = changed(end="capital = 6_000\n") + SECOND + "capital = 6_000\n"
    (told,) = lines_of(text)
    assert told.startswith(
        "19:1 bots.two.capital: the spot bots up to this one need 12,000.00 USDC"
    )
    assert "has 10,000.00" in told


def test_a_capital_that_the_strategy_can_tell_without_a_price_counts() -> None:
    text = changed(("= 100", "= 2_000"), end="base_price = 2400\n")
    (told,) = lines_of(text)
    assert told.startswith("4:2 bots.eth.capital:")
    more = ('"paper"', '"paper"\nbalances = { USDC = 20_000 }')
    assert problems_of(changed(more, ("= 100", "= 2_000"), end="base_price = 2400\n")) == []


def test_perpetuals_and_unknown_capitals_do_not_count() -> None:
    assert problems_of(changed(PERPETUAL, end="capital = 60_000\n")) == []
    assert problems_of(changed(("= 100", "= 60_000"))) == []


# replays


def replay(files: str) -> tuple[str, str]:
    return ('type = "paper"', f'type = "paper"\nmarket = "replay"\nfiles = {files}')


def test_a_replay_needs_files() -> None:
    (told,) = lines_of(changed(('"paper"', '"paper"\nmarket = "replay"')))
    assert told.startswith("1:2 exchanges.sim.files: a replay needs files")


@pytest.mark.parametrize("files", ['"eth.csv"', '["eth.csv"]', '{ "ETH/USDC" = "eth.csv" }'])
def test_price_files_lie_beside_the_config(files: str, tmp_path: Path) -> None:
    path = tmp_path / "bots.toml"
    told = problems_of(changed(replay(files)), path)
    assert len(told) == 1
    assert f"there is no file {tmp_path / 'eth.csv'}" in told[0].message
    (tmp_path / "eth.csv").touch()
    section = config_of(changed(replay(files)), path).exchanges["sim"]
    assert section.market is MarketSource.REPLAY
    assert list(section.files) == ["ETH/USDC"]


def test_a_bare_list_of_files_fits_one_symbol_only(tmp_path: Path) -> None:
    (tmp_path / "x.csv").touch()
    text = changed(replay('["x.csv"]')) + SECOND.replace("ETH", "BTC")
    (told,) = problems_of(text, tmp_path / "bots.toml")
    assert told.key == "exchanges.sim.files"
    assert "BTC/USDC, ETH/USDC" in told.message


def test_a_symbol_without_prices_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").touch()
    text = changed(replay('{ "BTC/USDC" = "x.csv" }'))
    (told,) = problems_of(text, tmp_path / "bots.toml")
    assert (told.key, told.line) == ("bots.eth.symbol", 9)


def test_every_replayed_symbol_has_an_instrument_also_without_a_bot(tmp_path: Path) -> None:
    (tmp_path / "x.csv").touch()
    text = changed(replay('{ "ETH/USDC" = "x.csv", "BTC/USDC" = ["x.csv"] }'))
    config = config_of(text, tmp_path / "bots.toml")
    assert sorted(config.instruments["sim"]) == ["BTC/USDC", "ETH/USDC"]
    unknown = text.replace('"BTC/USDC"', '"FOO/USDC"')
    (told,) = problems_of(unknown, tmp_path / "bots.toml")
    assert told.key == 'exchanges.sim.files."FOO/USDC"'


# files that can't be read


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    (tmp_path / "large.toml").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "full.toml").write_bytes(b"#" * MAX_BYTES)
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    for path, words in (
        (tmp_path, "folder"),
        (tmp_path / "none.toml", "no such file"),
        (tmp_path / "latin.toml", "UTF-8"),
        (tmp_path / "large.toml", "larger than"),
        (tmp_path / "loop.toml", "can't be read"),
        (tmp_path / "full.toml" / "x.toml", "can't be read"),
        (Path("a\0b"), "can't be read"),
    ):
        (problem,) = check(path, builtin_instrument)
        assert words in problem.message
        assert (problem.line, problem.column, problem.file) == (1, 1, str(path))
    assert len(read_text(tmp_path / "full.toml")) == MAX_BYTES


def test_a_socket_is_no_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("bots.toml")
        (problem,) = check(Path("bots.toml"), builtin_instrument)
    assert "can't be read" in problem.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bots.toml"
    path.write_text(GOOD)
    path.chmod(0)
    (problem,) = check(path, builtin_instrument)
    assert "permissions" in problem.message


@pytest.mark.parametrize("text", ["x = " + "[" * 20_000, "x = " + "1" * 5_000])
def test_a_text_that_breaks_the_parser_is_told(text: str) -> None:
    (told,) = lines_of(text)
    assert told.startswith("1:1: not valid TOML:")


@given(st.text(max_size=200))
def test_no_text_at_all_ends_otherwise_than_in_problems(text: str) -> None:
    assert problems_of(text)


@given(
    st.sampled_from(
        ["spacing", "levels", "quote_size", "size_scale", "base_price", "upper", "risk"]
    ),
    st.one_of(
        st.integers(),
        st.floats(),
        st.booleans(),
        st.sampled_from(
            ["''", "'x'", "[]", "{}", "[nan]", "1e30", "1e-30", "{ stop_loss = 1e30 }"]
        ),
    ),
)
def test_no_value_of_a_key_ends_otherwise_than_in_problems_or_a_config(
    key: str, value: Any
) -> None:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    without = "\n".join(line for line in GOOD.splitlines() if not line.startswith(key))
    text = f"{without}\n{key} = {shown}\n"
    assert problems_of(text) or config_of(text).bots


# strategies from elsewhere


class PingConfig(StrategyConfig, frozen=True, kw_only=True):
    symbol: str
    pace: float = 1.0
    steps: list[tuple[Decimal, Decimal]] = []
    mood: dict[str, int] = {}


class Ping(BaseTradingStrategy[PingConfig, StrategyState]):
    Config = PingConfig
    State = StrategyState

    def initial_state(self) -> StrategyState:
        return StrategyState()

    @classmethod
    def validate(cls, config: PingConfig, instruments: Any) -> list[Problem]:
        return [Problem("pace", "is too fast")] if config.pace > 2 else []


def ping_class(name: str) -> type[Ping]:
    if name != "ping":
        raise ConfigError(f"no {name}")
    return Ping


CATALOG: Any = SimpleNamespace(strategy_names=lambda: ["ping"], strategy_class=ping_class)
PING = changed(('"grid"', '"ping"'), ("spacing = 0.5\nlevels = 3\nquote_size = 100\n", ""))


def test_a_strategy_from_another_catalog_is_read_like_our_own() -> None:
    text = PING + "pace = 1.5\nsteps = [[-5, 1.5]]\nmood = { calm = 3 }\n"
    config = load_text(text, PATH, builtin_instrument, strategies=CATALOG)
    assert config.bots["eth"].parameters == PingConfig(
        symbol="ETH/USDC", pace=1.5, steps=[(Decimal(-5), Decimal("1.5"))], mood={"calm": 3}
    )


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ("pace = 3", "pace", "is too fast"),
        ("pace = 'x'", "pace", "must be a number"),
        ("steps = 5", "steps", "must be a list, not 5"),
        ("steps = [[1]]", "steps", "must be a list"),
        ("mood = { calm = 1.5 }", "mood.calm", "whole number, not 1.5"),
        ("spacing = 1", "spacing", "allowed: strategy, exchange"),
    ],
)
def test_its_mistakes_are_told_like_our_own(line: str, key: str, words: str) -> None:
    with pytest.raises(BadConfig) as caught:
        load_text(f"{PING}{line}\n", PATH, builtin_instrument, strategies=CATALOG)
    (problem,) = caught.value.problems
    assert problem.key == f"bots.eth.{key}"
    assert words in problem.message
