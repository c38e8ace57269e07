"""A grid and a DCA bot on a venue where everything goes wrong, and the program is killed.

`NIMBUS_SOAK_S` says how long (40 s), `NIMBUS_SEED` what comes when; `NIMBUS_FIGURES=1` prints how
long each outage took to heal. Afterwards the venue has seen no rule broken and no order twice, and
both ends agree on orders, fills and positions.
"""

import asyncio
import os
import time
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import Order
from nimbus_tui.exchanges.hyperliquid.cloids import client_id_of
from nimbus_tui.exchanges.hyperliquid.secp256k1 import signer
from nimbus_tui.exchanges.hyperliquid.signing import Network, sign_user_action
from nimbus_tui.exchanges.hyperliquid.wire_actions import ApproveAgentAction
from nimbus_tui.journal.sqlite import SqliteJournal
from tests.exchanges.hyperliquid.server.client import control, post
from tests.exchanges.hyperliquid.server.sdk import AGENT_KEY, MASTER, MASTER_KEY, address_of
from tests.exchanges.hyperliquid.soak.processes import CONFIG, KEY_VARIABLE, Program, Venue
from tests.exchanges.hyperliquid.soak.troubles import KILLED, TROUBLES, Trouble, lasts

SECONDS = float(os.environ.get("NIMBUS_SOAK_S", "40"))
SEED = int(os.environ.get("NIMBUS_SEED", "1"))
HEALED_WITHIN_S = 90.0
LOOK_EVERY_S = 0.1
CALM_S = (2.0, 6.0)
OPEN = "open"
EVERYTHING = 10_000_000


async def test_nothing_is_lost_or_doubled_however_much_goes_wrong(tmp_path: Path) -> None:
    venue = Venue(tmp_path, SEED)
    config = tmp_path / "soak.toml"
    config.write_text(
        CONFIG.format(account=MASTER, variable=KEY_VARIABLE, port=venue.port, interval="15s")
    )
    program = Program(tmp_path, config, AGENT_KEY)
    try:
        await _open_account(venue.rest_url)
        program.start()
        healed = await _troubled(program, venue.rest_url)
        await _come_to_rest(program)
        program.stop()
        told = await control(venue.rest_url, "account", address=MASTER)
        audit = await control(venue.rest_url, "audit")
    finally:
        program.end()
        venue.end()
    journal = SqliteJournal.open(program.journal)
    orders = list(journal.orders(limit=EVERYTHING))
    fills = list(journal.fills())
    journal.close()
    if os.environ.get("NIMBUS_FIGURES"):
        _print(healed, told, audit, program)
    assert audit["violations"] == []
    assert [one["order"]["cloid"] for one in told["orders"]].count(None) == 0
    _no_order_twice(told["orders"], orders)
    _both_ends_agree(told, orders, fills)


async def _open_account(url: str) -> None:
    """Fund the master, and let it approve the agent that the program trades with."""
    await control(url, "fund", address=MASTER, usdc="10000")
    nonce = time.time_ns() // NS_PER_MS
    action = ApproveAgentAction(address_of(AGENT_KEY), "nimbus", nonce)
    signed = sign_user_action(action, signer(MASTER_KEY), Network.TESTNET)
    status, text = await post(f"{url}/exchange", msgspec.json.encode(signed))
    assert (status, "ok" in text) == (200, True), text


async def _troubled(program: Program, url: str) -> dict[str, list[float]]:
    """One trouble after another, each healed before the next; how long each took."""
    healed: dict[str, list[float]] = defaultdict(list)
    healed["first start"].append(await _until_healthy(program, 0))
    chance, until = Random(SEED), time.monotonic() + SECONDS
    waiting: list[Trouble | str] = []
    while time.monotonic() < until:
        if not waiting:
            waiting = [*TROUBLES, KILLED, KILLED]
            chance.shuffle(waiting)
        await asyncio.sleep(chance.uniform(*CALM_S))
        trouble = waiting.pop()
        if isinstance(trouble, str):
            program.kill()
            program.start()
            healed[KILLED].append(await _until_healthy(program, 0))
            continue
        before = await _reconnects(program)
        await lasts(trouble, url)
        least = before + 1 if trouble.reconnects else 0
        healed[trouble.name].append(await _until_healthy(program, least))
    return healed


async def _until_healthy(program: Program, least_reconnects: int) -> float:
    """Seconds until the connection stands, was made anew where it must, and both bots run."""
    begun = time.monotonic()
    while True:
        seconds = time.monotonic() - begun
        assert program.is_running(), program.log()
        problem = await _problem(program, least_reconnects)
        if not problem:
            return seconds
        assert seconds < HEALED_WITHIN_S, f"{problem}\n{program.log()[-4000:]}"
        await asyncio.sleep(LOOK_EVERY_S)


async def _problem(program: Program, least_reconnects: int) -> str:
    client = await program.client()
    if client is None:
        return "the engine does not answer"
    try:
        engine, bots = await client.snapshot()
    except NimbusError as error:
        return str(error)
    finally:
        await client.close()
    (venue,) = engine.exchanges
    if venue.link != "connected" or venue.reconnects < least_reconnects:
        return f"the connection is {venue.link} after {venue.reconnects} returns"
    lame = [f"{b.bot_id} {b.state.value} {b.reason}" for b in bots if b.reason or not _runs(b)]
    return ", ".join(lame)


def _runs(bot: Any) -> bool:
    return bot.state is BotState.RUNNING


async def _reconnects(program: Program) -> int:
    client = await program.client()
    assert client is not None, program.log()
    try:
        engine, _ = await client.snapshot()
    finally:
        await client.close()
    return engine.exchanges[0].reconnects


async def _come_to_rest(program: Program) -> None:
    """Wait for whatever still is in doubt, then let a comparison pass."""
    await _until_healthy(program, 0)
    deadline = time.monotonic() + HEALED_WITHIN_S
    while True:
        client = await program.client()
        assert client is not None, program.log()
        orders = await client.orders()
        await client.close()
        doubtful = [one.client_order_id for one in orders if one.state.value in _IN_DOUBT]
        if not doubtful:
            break
        assert time.monotonic() < deadline, doubtful
        await asyncio.sleep(LOOK_EVERY_S)


_IN_DOUBT = ("pending", "unknown")


def _no_order_twice(venue_orders: list[dict[str, Any]], orders: list[Order]) -> None:
    """Every order at the venue is one of the journal's, and no two of one key lived at once."""
    known = {order.client_order_id: order for order in orders}
    lives: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for record in venue_orders:
        order = known.get(client_id_of(record["order"]["cloid"]))
        assert order is not None, f"the journal does not know {record}"
        if record["status"].endswith("Rejected"):
            continue
        end = record["statusTimestamp"] if record["status"] != OPEN else 2**62
        lives[order.bot_id, order.key].append((record["order"]["timestamp"], end))
    for key, spans in lives.items():
        spans.sort()
        for (_, ended), (began, _) in pairwise(spans):
            assert ended <= began, f"two orders of {key} lived at once"


def _both_ends_agree(told: dict[str, Any], orders: list[Order], fills: list[Fill]) -> None:
    """The same fills, the same positions, the same resting orders."""
    at_venue = sorted((f["time"], f["oid"], f["tid"], Decimal(f["sz"])) for f in told["fills"])
    ours = sorted(
        (fill.ts // NS_PER_MS, *map(int, fill.trade_id.split("/")[2:4]), fill.quantity)
        for fill in fills
    )
    assert ours == at_venue
    held: dict[str, Decimal] = defaultdict(Decimal)
    for fill in fills:
        held[fill.symbol.split("/")[0]] += fill.side.sign * fill.quantity
    positions = {
        one["position"]["coin"]: Decimal(one["position"]["szi"])
        for one in told["clearinghouseState"]["assetPositions"]
    }
    assert {coin: held_ for coin, held_ in held.items() if held_} == positions
    resting = {
        client_id_of(one["order"]["cloid"]) for one in told["orders"] if one["status"] == OPEN
    }
    assert {order.client_order_id for order in orders if order.is_live} == resting


def _print(
    healed: dict[str, list[float]], told: dict[str, Any], audit: dict[str, Any], program: Program
) -> None:
    print(f"\n{len(told['orders'])} orders, {len(told['fills'])} fills, {program.lives} lives")
    print(f"actions {audit['actions']}, faults {audit['faults']}")
    for name, seconds in healed.items():
        listed = ", ".join(f"{one:.1f}" for one in seconds)
        print(f"healed after {name}: {listed} s")
