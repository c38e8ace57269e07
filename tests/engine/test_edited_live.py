"""A config that is edited under an engine in real time, which then starts again from its file."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.bootstrap import keep_secret, live_engine, load_config
from nimbus_tui.config.document import with_table, with_value
from nimbus_tui.config.locations import vault_path
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import Result
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.order import Order, OrderState
from nimbus_tui.core.secret import Secret
from nimbus_tui.engine.host import EngineThread
from nimbus_tui.vault.safe import Vault

TEXT = """\
[engine]
name = "edited"   # a comment

[exchanges.sim]
type = "paper"
regime = "range"
balances = { USDC = 100_000 }

[exchanges.two]
type = "paper"
regime = "range"

[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC:USDC"
spacing = 2.5      # percent
levels = 2
quote_size = 100
"""


async def until(client: EngineClient, holds: Callable[[dict[str, BotSnapshot]], bool]) -> None:
    """Wait for a change after which something holds of the bots."""
    async with asyncio.timeout(30):
        revision = 0
        while True:
            update = await client.updates(revision)
            _, bots = await client.snapshot()
            if holds({bot.bot_id: bot for bot in bots}):
                return
            revision = update.revision


def ids(orders: list[Order]) -> set[str]:
    return {order.client_order_id for order in orders if order.state is OrderState.OPEN}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))
    file = tmp_path / "bots.toml"
    file.write_text(TEXT)
    return file


async def test_a_saved_config_is_what_the_next_start_finds(path: Path) -> None:
    thread = EngineThread(lambda: live_engine(load_config(path)))
    client = await asyncio.to_thread(thread.start)
    await until(client, lambda bots: bots["eth"].open_orders == 4)
    now = await client.read_config()
    text = with_value(now.text, ("bots", "eth", "spacing"), Decimal(3))
    text = with_value(text, ("bots", "eth", "risk", "drawdown"), Decimal(30))
    text = with_table(
        text,
        ("bots", "sol"),
        {"strategy": "grid", "exchange": "three", "symbol": "SOL/USDC:USDC", "spacing": Decimal(3),
         "levels": 1, "quote_size": 100},
    )  # fmt: skip
    text = with_table(text, ("exchanges", "three"), {"type": "paper", "regime": "range"})
    text = with_table(
        text,
        ("bots", "btc"),
        {"strategy": "grid", "exchange": "two", "symbol": "BTC/USDC:USDC", "spacing": Decimal(3),
         "levels": 3, "quote_size": 100},
    )  # fmt: skip
    text = with_table(
        text,
        ("bots", "doge"),
        {"strategy": "grid", "exchange": "sim", "symbol": "DOGE/USDC:USDC", "spacing": Decimal(3),
         "levels": 2, "quote_size": 100},
    )  # fmt: skip
    change = await client.plan_config(text, now.hash)
    assert [one.message for one in change.bots] == [
        "eth: 4 orders are cancelled, 4 placed",
        "sol starts at once on three, on paper",
        "btc starts at once on two, on paper",
        "doge starts at once on sim, on paper",
    ]
    outcome = await client.save_config(text, now.hash)
    assert outcome.result is Result.DONE, outcome
    wanted = {"eth": 4, "sol": 2, "btc": 6, "doge": 4}
    await until(client, lambda bots: {k: b.open_orders for k, b in bots.items()} == wanted)
    assert "# a comment" in (await client.read_config()).text
    resting = ids(list(await client.orders()))
    thread.request_stop()
    assert await asyncio.to_thread(thread.join, 20)

    again = EngineThread(lambda: live_engine(load_config(path)))
    client = await asyncio.to_thread(again.start)
    await until(client, lambda bots: {k: b.open_orders for k, b in bots.items()} == wanted)
    assert ids(list(await client.orders())) == resting
    assert (await client.events(types=["configChanged"]))[-1].bot_id == "eth"
    assert len(await client.events(types=["configChanged"])) == 1
    again.request_stop()
    assert await asyncio.to_thread(again.join, 20)


def test_a_secret_is_put_beside_the_others_and_replaces_none(path: Path) -> None:
    key, phrase = Secret("0x" + "ab" * 32), Secret("correct horse battery")
    assert keep_secret("agent", key, phrase).result is Result.DONE
    assert keep_secret("other", Secret("another secret"), phrase).result is Result.DONE
    assert Vault(vault_path()).open(phrase.reveal()) == {
        "agent": key.reveal(),
        "other": "another secret",
    }
    for name, text, opening, said in (
        ("agent", key, phrase, "there is a secret agent already"),
        ("third", key, Secret("a wrong passphrase"), "passphrase"),
        ("no name", key, phrase, "the name of a secret has letters"),
        ("short", Secret("abc"), phrase, "a secret has at least 8 characters"),
    ):
        outcome = keep_secret(name, text, opening)
        assert outcome.result is Result.REFUSED
        assert said in outcome.message
        assert "abab" not in outcome.message
