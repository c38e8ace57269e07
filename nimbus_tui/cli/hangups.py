"""What becomes of the bots when the app's terminal goes away."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from nimbus_tui.control.commands import PauseBot, Shutdown
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.errors import EngineUnreachable

if TYPE_CHECKING:
    from nimbus_tui.config.model import OnHangup
    from nimbus_tui.control.client import EngineClient

ANSWER_WITHIN_S = 10.0
"""How long an engine may take to pause all its bots."""

_PAUSABLE = (BotState.RUNNING, BotState.INITIALIZING)


def after_hangup(client: "EngineClient", policy: "OnHangup") -> None:
    """Have the engine do what the config wants at a hang-up.

    An engine that is gone, or doesn't answer in time, has nobody left to be told.
    """
    with suppress(EngineUnreachable, TimeoutError):
        asyncio.run(_after_hangup(client, policy))


async def _after_hangup(client: "EngineClient", policy: "OnHangup") -> None:
    from nimbus_tui.config.model import OnHangup

    async with asyncio.timeout(ANSWER_WITHIN_S):
        match policy:
            case OnHangup.PAUSE:
                _, bots = await client.snapshot()
                for bot in bots:
                    if bot.state in _PAUSABLE:
                        await client.execute(PauseBot(bot.bot_id))
            case OnHangup.STOP:
                await client.execute(Shutdown())
            case OnHangup.DETACH:
                pass
        await client.close()
