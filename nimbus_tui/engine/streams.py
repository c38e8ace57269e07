"""How long the streams that a bot needs have been silent, and whether a gap has been made good."""

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import BotId
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.inbox import Market
from nimbus_tui.engine.risk_side import RiskSide
from nimbus_tui.risk.gate import VenueSync
from nimbus_tui.risk.states import StreamState


class Streams:
    """Those of all bots: prices, and the account's own channels where the venue tells of them.

    After a gap orders and fills are compared before trading goes on.
    """

    def __init__(self, engine: RiskSide) -> None:
        self._engine = engine
        self._gaps: dict[BotId, int | None] = {}
        """Bots whose data was silent too long; once it is back, how many comparisons had begun."""
        self._channels: dict[str, int] = {}
        """When each of the accounts' own channels was heard, as far as anybody has looked."""

    def resumed(self, market: Market, silent_ns: int) -> None:
        """A price has come after so long: a gap, even if nobody has looked meanwhile."""
        for bot_id in self._engine.watchers[market]:
            if silent_ns >= _limit_ns(self._engine.bots[bot_id]):
                self._gaps[bot_id] = None

    def of(self, bot: Bot) -> tuple[StreamState, ...]:
        """The streams that a bot needs; none where nothing can be silent."""
        if not self._engine.settings.watches_streams:
            return ()
        now = self._engine.clock.now()
        heard = self._prices(bot) | self._own_channels(bot)
        silent = any(now - at >= _limit_ns(bot) for at in heard.values())
        self._follow(bot, is_silent=silent)
        return tuple(
            StreamState(name=name, last_data_ns=at, resynced=bot.bot_id not in self._gaps)
            for name, at in heard.items()
        )

    # what has never been heard is silent since the start

    def _prices(self, bot: Bot) -> dict[str, int]:
        last_heard = self._engine.risk_desk.last_heard
        return {
            f"prices of {symbol}": last_heard((bot.orders.name, symbol)) or self._engine.started_ns
            for symbol in bot.instruments
        }

    def _own_channels(self, bot: Bot) -> dict[str, int]:
        heard = {}
        for channel in bot.orders.exchange.connection_status().streams:
            name = f"{channel.name} of {bot.orders.name}"
            self._heard(bot, name, channel.heard_ns)
            heard[name] = max(channel.heard_ns, self._engine.started_ns)
        return heard

    def _heard(self, bot: Bot, name: str, at: int) -> None:
        """Note a channel's newest sign of life: a gap, even if nobody has looked meanwhile."""
        silent_ns = at - self._channels.get(name, at)
        self._channels[name] = at
        if not silent_ns:
            return
        for other in self._engine.bots.values():
            if other.orders is bot.orders and silent_ns >= _limit_ns(other):
                self._gaps[other.bot_id] = None

    def _follow(self, bot: Bot, *, is_silent: bool) -> None:
        """Open a gap, ask for a comparison once data is back, and close the gap after it."""
        if is_silent:
            self._gaps[bot.bot_id] = None
            return
        synchroniser = self._engine.synchronisers.get(bot.orders.name)
        if bot.bot_id not in self._gaps or synchroniser is None:
            return
        compared = self._gaps[bot.bot_id]
        if compared is None:
            # One that is under way has perhaps read before the data came back.
            self._gaps[bot.bot_id] = synchroniser.begun
            synchroniser.compare_soon()
        elif synchroniser.comparisons > compared and bot.sync is VenueSync.NOW:
            del self._gaps[bot.bot_id]


def _limit_ns(bot: Bot) -> int:
    return int(bot.limits.connection * NS_PER_SECOND)
