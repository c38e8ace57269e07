"""`doctor` against a venue, without one, and with files that are broken."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from nimbus_tui.cli.doctor_command import _seen
from nimbus_tui.exchanges.base import Verdict
from tests.cli.venue_home import BOT, VenueHome, venue_home

SIM = '[exchanges.sim]\ntype = "paper"\n' + BOT.replace("hl", "sim")


@pytest_asyncio.fixture
async def home(tmp_path: Path) -> AsyncIterator[VenueHome]:
    async for one in venue_home(tmp_path):
        yield one


async def seen(home: VenueHome, *arguments: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    code, out, err = await home.call("doctor", *arguments, "--json")
    assert err == ""
    document = json.loads(out)
    assert document["ok"] is (code == 0)
    by_area: dict[str, list[dict[str, Any]]] = {}
    for one in document["findings"]:
        assert one["verdict"] == "ok" or one["remedy"]
        by_area.setdefault(one["area"], []).append(one)
    return code, by_area


async def test_an_empty_folder_is_well(home: VenueHome) -> None:
    code, found = await seen(home)
    assert code == 0
    assert {"terminal", "locale", "versions", "packages", "config", "journal"} <= set(found)
    assert {"disk", "vault", "clock", "venues", "login"} <= set(found)
    assert found["venues"][0]["text"] == "no config here names a real one"


async def test_a_venue_that_answers_is_told_with_its_clock(home: VenueHome) -> None:
    home.write(home.venue() + BOT)
    await home.call("exchanges", "check", "hl")
    code, found = await seen(home)
    assert code == 0
    texts = [one["text"] for one in found["venues"]]
    assert texts[0] == "hyperliquid testnet: connection: connected"
    assert texts[1].startswith("hyperliquid testnet: clock: ours is ")


async def test_a_venue_that_is_away_is_a_problem_and_all_else_is_still_seen(
    home: VenueHome,
) -> None:
    home.write(
        '[exchanges.hl]\ntype = "hyperliquid"\nnetwork = "testnet"\n'
        'rest_url = "http://127.0.0.1:9"\nws_url = "ws://127.0.0.1:9"\n' + BOT
    )
    code, found = await seen(home, "bots.toml")
    assert (code, found["venues"][0]["verdict"]) == (1, "problem")
    assert found["login"]


async def test_a_broken_config_is_named_with_its_first_mistake(home: VenueHome) -> None:
    home.write(SIM.replace("levels = 3", "levls = 3"))
    code, found = await seen(home, "bots.toml")
    assert code == 1
    assert "bots.toml:9:1 bots.eth.levls: unknown key" in found["config"][0]["text"]
    assert "config check bots.toml" in found["config"][0]["remedy"]


async def test_a_file_that_is_not_there_is_a_problem_and_no_more(home: VenueHome) -> None:
    code, found = await seen(home, "nowhere.toml")
    assert (code, "there is no such file" in found["config"][0]["text"]) == (1, True)


async def test_a_running_engine_and_a_damaged_journal_are_told_apart(home: VenueHome) -> None:
    home.write(SIM)
    engine = await home.start("run", "bots.toml")
    await home.said(engine, "nimbus-tui runs")
    broken = home.home / "old" / "journal.db"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no database at all, but a text of some length " * 40)
    code, found = await seen(home)
    assert code == 1
    assert found["journal"][0]["text"].endswith("is whole, its engine runs")
    assert found["journal"][1]["verdict"] == "problem"


async def test_a_vault_that_others_can_read_is_a_problem(home: VenueHome) -> None:
    vault = home.home / "vault" / "vault.json"
    vault.parent.mkdir(parents=True, mode=0o700)
    vault.write_text("{}")
    vault.chmod(0o644)
    code, found = await seen(home)
    assert (code, found["vault"][0]["verdict"]) == (1, "problem")
    assert "chmod 600" in found["vault"][0]["remedy"]


async def test_people_get_signs_and_arrows(home: VenueHome) -> None:
    code, out, _ = await home.call("doctor", "nowhere.toml")
    assert code == 1
    assert "✗ config" in out
    assert "→ `nimbus-tui config check nowhere.toml` tells all" in out


@pytest.mark.parametrize(
    ("error", "words"),
    [(OSError(28, "No space left"), "No space left"), (KeyError("x"), "could not be looked at")],
)
def test_a_look_that_fails_is_a_line_like_the_others(error: Exception, words: str) -> None:
    def look() -> list[Any]:
        raise error

    (one,) = _seen("disk", look)
    assert (one.verdict, words in one.text, bool(one.remedy)) == (Verdict.PROBLEM, True, True)
