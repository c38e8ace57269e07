"""`exchanges list` and `exchanges check` against a venue that speaks Hyperliquid."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from nimbus_tui.config.listings import read_file
from tests.cli.venue_home import BOT, VenueHome, venue_home
from tests.exchanges.hyperliquid.server.sdk import OTHER

SIM = '[exchanges.sim]\ntype = "paper"\n'


@pytest_asyncio.fixture
async def home(tmp_path: Path) -> AsyncIterator[VenueHome]:
    async for one in venue_home(tmp_path):
        yield one


def by_area(document: Any) -> dict[str, dict[str, str]]:
    return {one["area"]: one for one in document["findings"]}


async def test_a_live_account_is_looked_at_from_connection_to_fees(home: VenueHome) -> None:
    home.write(home.venue(*home.account()) + BOT)
    found = by_area(await home.json("exchanges", "check", "hl"))
    assert {"connection", "clock", "instruments", "account", "permissions", "balances"} <= set(
        found
    )
    assert {"positions", "orders", "budgets", "fees"} <= set(found)
    assert found["positions"]["text"] == "none"
    assert found["permissions"]["verdict"] == "warning"
    assert "approve an agent" in found["permissions"]["remedy"]
    assert [one for one in found.values() if one["verdict"] != "ok" and not one["remedy"]] == []


async def test_what_the_venue_lists_is_kept_and_the_config_is_then_well(home: VenueHome) -> None:
    home.write(home.venue() + BOT)
    code, _, err = await home.call("config", "check", "bots.toml")
    assert (code, "`nimbus-tui exchanges check hl` asks it" in err) == (2, True)
    code, out, _ = await home.call("exchanges", "check", "hl")
    assert (code, "no account is configured" in out) == (0, True)
    file = read_file(home.home / "instruments" / "hyperliquid-testnet.json")
    assert file is not None
    symbols = {one.symbol: one for listing in file.markets.values() for one in listing.instruments}
    assert symbols["ETH/USDC:USDC"].significant_figures == 5
    code, _, err = await home.call("config", "check", "bots.toml")
    assert code == 0, err
    assert "eth trades on paper (hl-paper, at live prices of hl)" in err


async def test_what_each_program_asks_of_the_venue_counts_for_all_that_come_after_it(
    home: VenueHome,
) -> None:
    home.write(home.venue() + BOT)
    spent = [home.spent()]
    for words in ("exchanges check hl", "doctor", "run bots.toml --duration 1"):
        code, _, err = await home.call(*words.split())
        assert code == 0, err
        spent.append(home.spent())
    assert spent == sorted(set(spent))
    assert spent[0] == 0


async def test_an_account_that_nobody_funded_is_a_problem_with_a_remedy(home: VenueHome) -> None:
    home.write(home.venue(f'account = "{OTHER}"') + BOT)
    code, out, _ = await home.call("exchanges", "check", "hl", "--json")
    assert code == 1
    document = json.loads(out)
    assert not document["ok"]
    assert by_area(document)["account"]["remedy"]


async def test_a_key_of_somebody_else_is_said_in_words_and_not_shown(home: VenueHome) -> None:
    home.environment["HL_KEY"] = "0x" + "77" * 32
    home.write(home.venue(*home.account()) + BOT)
    code, out, err = await home.call("exchanges", "check", "hl")
    assert code == 1
    assert "Traceback" not in err
    assert "7777777777" not in out + err


async def test_a_venue_that_is_away_is_a_problem(home: VenueHome) -> None:
    home.write(
        '[exchanges.hl]\ntype = "hyperliquid"\nnetwork = "testnet"\n'
        'rest_url = "http://127.0.0.1:9"\nws_url = "ws://127.0.0.1:9"\n' + BOT
    )
    code, out, err = await home.call("exchanges", "check", "hl")
    assert (code, err) == (1, "")
    assert "connection" in out


async def test_a_paper_exchange_is_looked_at_too(home: VenueHome) -> None:
    home.write(SIM + BOT.replace("hl", "sim"))
    found = by_area(await home.json("exchanges", "check", "sim"))
    assert found["network"]["text"] == "paper: no real money moves here"
    assert found["balances"]["text"] == "10000 USDC (10000 free)"
    assert not (home.home / "bots").exists()


async def test_a_twin_is_looked_at_by_its_name(home: VenueHome) -> None:
    home.write(home.venue() + BOT)
    await home.call("exchanges", "check", "hl")
    found = by_area(await home.json("exchanges", "check", "hl-paper"))
    assert found["instruments"]["text"] == "1 instrument listed"


async def test_the_list_has_what_is_configured_and_what_could_be(home: VenueHome) -> None:
    home.write(home.venue() + SIM + BOT)
    found = await home.json("exchanges", "list")
    assert found["types"] == ["paper", "hyperliquid"]
    rows = {row["name"]: row for row in found["exchanges"]}
    assert (rows["hl"]["network"], rows["hl"]["market"]) == ("testnet", "perp")
    assert (rows["sim"]["type"], rows["sim"]["market"]) == ("paper", "synthetic")


async def test_a_name_that_no_config_has_says_which_there_are(home: VenueHome) -> None:
    home.write(home.venue() + BOT)
    code, _, err = await home.call("exchanges", "check", "lh")
    assert (code, "there are: hl; give --config FILE" in err) == (2, True)
    code, _, err = await home.call("exchanges", "check", "lh", "--config", "bots.toml")
    assert (code, err) == (2, "bots.toml has no exchange 'lh'; there are: hl\n")


async def test_a_name_in_two_configs_asks_which_is_meant(home: VenueHome) -> None:
    home.write(home.venue() + BOT)
    (home.folder / "other.toml").write_text(home.venue() + BOT)
    code, _, err = await home.call("exchanges", "check", "hl")
    assert (code, "several configs have an exchange 'hl'" in err) == (2, True)
