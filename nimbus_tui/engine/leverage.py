"""Has a venue use the leverage and margin mode that a bot asks for, before the bot's first plan."""

import asyncio

from nimbus_tui.core.events import Paused, Resumed
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.look_ups import PAUSES_S
from nimbus_tui.engine.order_manager import OrderManager, describe
from nimbus_tui.engine.venue_side import VenueSide

TRIES_UNTOLD = 1
"""So many failures are no more than a hiccup, for which nothing that rests is cancelled."""
STOPPED_LOOK_S = 1.0
"""How often it is looked whether a stopped bot has been started: till then nothing is set."""


class Leverages:
    """One venue's. Each start sets them anew: somebody may have changed them at the venue."""

    def __init__(self, engine: VenueSide, manager: OrderManager) -> None:
        self._engine = engine
        self._manager = manager
        self._begun: set[BotId] = set()

    def begin(self) -> None:
        """Set what has not been set yet in this life; each bot's goes on by itself."""
        for bot in self._engine.bots.values():
            is_mine = bot.orders is self._manager
            if is_mine and bot.leverage is not None and bot.bot_id not in self._begun:
                self._begun.add(bot.bot_id)
                self._manager.keep(asyncio.ensure_future(self._settle(bot, bot.leverage)))

    async def _settle(self, bot: Bot, leverage: int) -> None:
        """Try until the venue has it; meanwhile the bot does not plan, and pauses if it lasts."""
        attempt = 0
        while True:
            while bot.standing.is_stopped:
                await self._engine.clock.sleep(STOPPED_LOOK_S)
            problem = await self._problem(bot, leverage)
            if not problem:
                break
            if attempt >= TRIES_UNTOLD:
                self._pause(bot, problem)
            await self._engine.clock.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
            attempt += 1
        was_paused, bot.standing.unset = bool(bot.standing.unset), ""
        bot.awaits_leverage = False
        if was_paused and not bot.standing.is_paused:
            bot.publish(Resumed())
        self._engine.inbox.put(BotDue(bot.bot_id, replan=True))

    async def _problem(self, bot: Bot, leverage: int) -> str:
        """Set it on each of the bot's perpetuals; why one of them does not have it, or nothing."""
        exchange = self._manager.exchange
        if not exchange.capabilities.leverage:
            return f"{exchange.name} can't set a leverage: take `leverage` out of its bot's table"
        for symbol, instrument in bot.instruments.items():
            if instrument.market is not MarketType.PERPETUAL:
                continue
            try:
                await exchange.set_leverage(symbol, leverage, bot.margin_mode)
            except Exception as error:  # whatever failed, it is not known to be set
                wanted = f"a {bot.margin_mode.value} leverage of {leverage} on {symbol}"
                return f"{exchange.name} does not have {wanted}: {describe(error)}"
        return ""

    def _pause(self, bot: Bot, problem: str) -> None:
        is_news, bot.standing.unset = not bot.standing.unset, problem
        if is_news:
            bot.publish(Paused(reason=problem))
        self._engine.inbox.put(BotDue(bot.bot_id))
