"""Waiting for a condition, never for a time."""

import asyncio
from collections.abc import Callable


async def until(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    """Return as soon as something holds; fail if it never does."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - a screen tells nobody when it has painted
            await asyncio.sleep(0.005)
