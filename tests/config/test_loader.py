"""What is read from a config file, and which bots and price files go together in one."""

import hashlib
import os
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.config.exchange_sections import MarketSource
from nimbus_tui.config.loader import MAX_BYTES, check, load, load_text, read_text
from nimbus_tui.config.model import OnShutdown, OnStop
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from tests.config.loading import SECOND, lines_of
from tests.config.texts import GOOD, PATH, changed, config_of, problems_of

PERPETUAL = ('"ETH/USDC"', '"ETH/USDC:USDC"')


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
