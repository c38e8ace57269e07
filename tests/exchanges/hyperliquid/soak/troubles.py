"""What goes wrong in a soak: each trouble begins, lasts, and ends."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.exchanges.hyperliquid.server.client import control

LOST = ("cut before", "cut after", "hang before", "hang after", "502 before", "502 after")
STRANGE = ("null", "garbage", "truncated", "500", "late", "late events", "slow", "duplicate")
BUSY = ("429", "429 after")


@dataclass(frozen=True)
class Trouble:
    """One kind; `reconnects` says whether the connection must be made anew."""

    name: str
    seconds: float
    begin: Callable[[str], Awaitable[Any]]
    end: Callable[[str], Awaitable[Any]]
    reconnects: bool = False


async def _clear(url: str) -> None:
    await control(url, "clear")


def _chance(name: str, faults: tuple[str, ...], rate: float, on: tuple[str, ...]) -> Trouble:
    async def begin(url: str) -> None:
        await control(url, "chance", faults=list(faults), rate=rate, on=list(on), seed=7)

    return Trouble(name, 8.0, begin, _clear)


def _socket(name: str, fault: str, seconds: float = 0.0, **more: Any) -> Trouble:
    async def begin(url: str) -> None:
        await control(url, "socket", fault=fault, **more)

    return Trouble(name, seconds, begin, _clear, reconnects=fault != "garbage frame")


def _muted(name: str, fault: str, seconds: float) -> Trouble:
    async def begin(url: str) -> None:
        await control(url, "socket", fault=fault)

    return Trouble(name, seconds, begin, _clear)


async def _refuse(url: str) -> None:
    await control(url, "socket", fault="refuse")
    await control(url, "socket", fault="drop")


async def _post_only(url: str) -> None:
    await control(url, "post_only", on=True)


async def _all_orders(url: str) -> None:
    await control(url, "post_only", on=False)


TROUBLES = (
    _chance("answers lost", LOST, 0.4, ("exchange",)),
    _chance("answers strange", STRANGE, 0.4, ("exchange", "info")),
    _chance("429", BUSY, 0.5, ("any",)),
    _socket("socket dropped", "drop"),
    _socket("socket closed", "close"),
    _socket("socket dead", "dead"),
    _muted("own channels mute", "mute user", 12.0),
    _muted("market mute", "mute market", 12.0),
    Trouble("sockets refused", 6.0, _refuse, _clear, reconnects=True),
    _socket("frames unreadable", "garbage frame", 2.0, times=5),
    Trouble("post-only phase", 8.0, _post_only, _all_orders),
)
KILLED = "killed with -9"


async def lasts(trouble: Trouble, url: str) -> None:
    """Let it begin, last and end."""
    await trouble.begin(url)
    await asyncio.sleep(trouble.seconds)
    await trouble.end(url)
