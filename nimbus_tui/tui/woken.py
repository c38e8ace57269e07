"""Waiting until something has happened, so that a screen at rest has nothing to do."""

import asyncio


async def woken(happened: asyncio.Event, within_s: float | None) -> None:
    """Wait until something has happened, for so long at most (None = for ever)."""
    try:
        async with asyncio.timeout(within_s):
            await happened.wait()
    except TimeoutError:
        return
    happened.clear()
