"""Engines on a real venue: who trades where, what is said of it, and what a venue sees of it."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.cli.venue_home import BOT, PATIENCE_S, VenueHome, venue_home
from tests.exchanges.hyperliquid.server.sdk import MASTER_KEY

LIVE = BOT.replace("bots.eth", "bots.real") + "live = true\nleverage = 3\n"


@pytest_asyncio.fixture(params=["testnet", "mainnet"])
async def home(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[VenueHome]:
    async for one in venue_home(tmp_path, mainnet=request.param == "mainnet"):
        one.network = request.param
        one.wander()
        yield one


def both_rest(rows: Any) -> bool:
    """Whether each of the two bots has orders in the book."""
    return {row["bot_id"] for row in rows if row["state"] == "open"} == {"eth", "real"}


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """Ask an engine to end in order; its exit code and the rest of what it said."""
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(PATIENCE_S):
        _, err = await process.communicate()
    return process.returncode, err.decode()


async def test_a_live_and_a_paper_bot_trade_side_by_side(home: VenueHome) -> None:
    home.write(home.venue(*home.account()) + BOT + LIVE)
    engine = await home.start("run", "bots.toml")
    said = "".join(await home.said(engine, "nimbus-tui runs"))
    loud = "LIVE: real money on mainnet moves for real"
    assert (loud if home.network == "mainnet" else "TESTNET: real orders on testnet") in said
    assert "PAPER: no real orders for eth (on hl-paper)" in said
    await home.json_until(both_rest, "orders")
    mode = "live" if home.network == "mainnet" else "testnet"
    rows = {row["bot_id"]: row for row in await home.json("bots")}
    assert {name: (row["mode"], row["exchange"]) for name, row in rows.items()} == {
        "eth": ("paper", "hl-paper"),
        "real": (mode, "hl"),
    }
    assert (await home.json("status"))["engine"]["mode"] == mode
    code, table, _ = await home.call("status")
    assert (code, mode.upper() in table) == (0, True)
    sent = {str(number) for number in home.server.world.orders}
    for row in await home.json("orders", "--all"):
        assert (row["exchange_order_id"] in sent) is (row["bot_id"] == "real")
    assert home.server.audit.actions["updateLeverage"] == 1
    code, err = await ended(engine)
    assert code == 0, err
    assert home.server.audit.violations == []
    assert MASTER_KEY[2:] not in said + err


async def test_a_paper_bot_needs_no_key_and_sends_nothing(home: VenueHome) -> None:
    home.environment.pop("HL_KEY")
    home.write(home.venue() + BOT)
    engine = await home.start("run", "bots.toml")
    await home.said(engine, "nimbus-tui runs")
    await home.json_until(lambda rows: any(row["state"] == "open" for row in rows), "orders")
    assert (await home.json("status"))["engine"]["mode"] == "paper"
    code, err = await ended(engine)
    assert code == 0, err
    assert home.server.audit.actions == {}


async def test_a_list_that_lacks_the_symbol_is_read_at_the_start(home: VenueHome) -> None:
    home.write(home.venue() + BOT)
    engine = await home.start("run", "bots.toml", "--duration", "1")
    async with asyncio.timeout(PATIENCE_S):
        _, err = await engine.communicate()
    assert engine.returncode == 0, err
    assert (home.home / "instruments" / f"hyperliquid-{home.network}.json").exists()


async def test_a_secret_that_is_not_there_ends_the_start(home: VenueHome) -> None:
    home.environment.pop("HL_KEY")
    home.write(home.venue(*home.account()) + LIVE)
    code, _, err = await home.call("run", "bots.toml")
    assert (code, "the environment variable HL_KEY is not set" in err) == (2, True)


async def test_the_line_of_a_paper_twin_is_told_when_it_breaks_and_when_it_is_back(
    home: VenueHome,
) -> None:
    home.write(home.venue() + BOT)
    engine = await home.start("run", "bots.toml")
    await home.said(engine, "nimbus-tui runs")
    await home.json_until(lambda rows: any(row["state"] == "open" for row in rows), "orders")
    home.server.sockets.drop()
    await home.said(engine, "no prices of hl")
    await home.json_until(lambda found: found["exchanges"]["hl-paper"]["connected"], "status")
    code, err = await ended(engine)
    assert code == 0, err


async def test_an_old_list_is_good_enough_while_the_venue_is_away(home: VenueHome) -> None:
    home.write(home.venue() + BOT)
    await home.call("exchanges", "check", "hl")
    kept = home.home / "instruments" / f"hyperliquid-{home.network}.json"
    kept.write_text(re.sub(r'"read_ns":\d+', '"read_ns":1', kept.read_text()))
    text = home.config.read_text().replace(str(home.server.port), "9")
    home.write(text)
    code, _, err = await home.call("run", "bots.toml", "--duration", "1")
    assert code == 0, err
    assert f"warning: what hyperliquid {home.network} lists can't be read anew" in err
    assert "hl-paper" in err
