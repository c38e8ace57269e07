"""A market that goes its own way, and sockets that break by chance: for long runs."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from tests.exchanges.hyperliquid.server.faults import BY_CHANCE, FRAME_FAULTS, SocketFault
from tests.exchanges.hyperliquid.server.grain import snap
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

FARTHEST = Decimal("0.2")
"""How far a price may stray from where it began."""
PARTIAL_SHARE = 0.3
LASTING_S = (2.0, 8.0)
ENDLESS = 2**62


@dataclass(frozen=True)
class Walk:
    """How prices wander."""

    coins: tuple[str, ...] = ()
    """Which; none is all that trade."""
    every_s: float = 0.25
    step: float = 0.0005
    """Standard deviation of a step, as a share of the price."""
    funding_every_s: float = 0.0
    """0: no funding."""


async def wander(server: HyperliquidServer, walk: Walk, seed: int, steps: int = ENDLESS) -> None:
    """Move prices step by step; the same seed makes the same path."""
    chance = Random(seed)
    markets = server.world.universe.markets
    coins = walk.coins or tuple(coin for coin, market in markets.items() if not market.delisted)
    clock = server.world.time.clock
    due = walk.funding_every_s
    for number in range(1, steps + 1):
        await clock.sleep(walk.every_s)
        for coin in coins:
            await _step(server, coin, walk.step, chance)
        if walk.funding_every_s and number * walk.every_s >= due:
            due += walk.funding_every_s
            for coin in coins:
                if not markets[coin].spot:
                    await server.pay_funding(coin, Decimal(chance.randint(-20, 20)) / 100_000)


async def _step(server: HyperliquidServer, coin: str, step: float, chance: Random) -> None:
    book = server.world.books[coin]
    market = book.market
    px = book.last * Decimal(str(1 + chance.gauss(0, step)))
    px = max(min(px, market.start * (1 + FARTHEST)), market.start * (1 - FARTHEST))
    partial = chance.random() < PARTIAL_SHARE
    share = Decimal(str(round(chance.random(), 2)))
    unit = Decimal(1).scaleb(-market.sz_decimals)
    volume = (share * 50 / book.last).quantize(unit) if partial else None
    await server.move(coin, snap(px, **market.grain), volume=volume)


async def trouble(
    server: HyperliquidServer,
    every_s: float,
    seed: int,
    faults: Collection[SocketFault] = BY_CHANCE,
    times: int = ENDLESS,
) -> None:
    """Break sockets now and then; what lasts ends after some seconds."""
    chance = Random(seed)
    clock = server.world.time.clock
    kinds = sorted(faults, key=lambda fault: fault.value)
    for _ in range(times):
        await clock.sleep(chance.uniform(0.5, 1.5) * every_s)
        await _break(server, chance.choice(kinds), chance.uniform(*LASTING_S))


async def _break(server: HyperliquidServer, fault: SocketFault, seconds: float) -> None:
    sockets, clock = server.sockets, server.world.time.clock
    match fault:
        case SocketFault.DROP | SocketFault.CLOSE:
            sockets.drop(clean=fault is SocketFault.CLOSE)
        case SocketFault.DEAD:
            sockets.deaden()
        case SocketFault.REFUSE:
            sockets.refuses = True
            sockets.drop()
            await clock.sleep(seconds)
            sockets.refuses = False
        case SocketFault.MUTE_USER | SocketFault.MUTE_MARKET:
            sockets.muted.add(fault)
            await clock.sleep(seconds)
            sockets.muted.discard(fault)
        case _:
            assert fault in FRAME_FAULTS
            sockets.break_frames(fault, 1)


async def run_all(server: HyperliquidServer, walk: Walk, seed: int, trouble_every_s: float) -> None:
    """Wander, with broken sockets if a time is given, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wander(server, walk, seed))
        if trouble_every_s:
            tasks.create_task(trouble(server, trouble_every_s, seed))
