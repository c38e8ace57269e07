"""A venue over HTTP that says what it is told to, and keeps what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import msgspec
from aiohttp import web

from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.hyperliquid.endpoints import WEIGHT_PER_MINUTE
from nimbus_tui.exchanges.hyperliquid.rest import Rest
from nimbus_tui.exchanges.net.budget import Budget
from nimbus_tui.exchanges.net.http import HttpClient


class ScriptedVenue:
    """Answers each request with the next of its replies; the last one again and again."""

    def __init__(self) -> None:
        self.replies: list[tuple[int, bytes] | str] = [(200, b"null")]
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def says(self, *replies: tuple[int, bytes] | str) -> None:
        """A status with a body; "breaks" for no answer, "hangs" for none ever."""
        self.replies = list(replies)
        self.asked.clear()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, msgspec.json.decode(await request.read())))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply == "hangs":
            await asyncio.Event().wait()
        if isinstance(reply, str):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        status, body = reply
        return web.Response(status=status, body=body, content_type="application/json")


class Connected:
    """A venue, its REST client, and the budget that both share."""

    def __init__(self, venue: ScriptedVenue, rest: Rest, budget: Budget) -> None:
        self.venue = venue
        self.rest = rest
        self.budget = budget


@asynccontextmanager
async def connected(timeout_s: float = 5.0) -> AsyncIterator[Connected]:
    venue = ScriptedVenue()
    app = web.Application()
    app.router.add_post("/{route}", venue.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    clock, http = LiveClock(), HttpClient()
    budget = Budget(clock, per_minute=WEIGHT_PER_MINUTE)
    rest = Rest(
        http, budget, clock, f"http://{host}:{port}/", chance=Random(1), timeout_s=timeout_s
    )
    try:
        yield Connected(venue, rest, budget)
    finally:
        await http.close()
        await runner.cleanup()
