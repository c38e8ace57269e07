"""From the config's words to the engine's: what an engine and its bots are told at their start."""

from decimal import Decimal

import msgspec

from nimbus_tui.config.model import BotConfig, Config, OnEmergency, OnShutdown, OnStop
from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, MarginMode
from nimbus_tui.engine.settings import BotSpec, EngineSettings, OrphanPolicy
from nimbus_tui.risk.plugins import other_rules
from nimbus_tui.strategies.factory import create


def engine_settings(config: Config, hosted: frozenset[ExchangeName]) -> EngineSettings:
    """The engine as a whole, on the exchanges that it hosts."""
    section = config.engine
    return EngineSettings(
        name=section.name,
        currency=section.currency,
        max_restarts=section.max_restarts,
        restart_window_s=section.restart_window,
        shutdown_timeout_s=float(section.shutdown_timeout),
        cancel_on_shutdown=section.on_shutdown is OnShutdown.CANCEL,
        close_in_emergency=section.emergency is OnEmergency.CLOSE,
        orphans=OrphanPolicy(section.orphans.value),
        history_days=section.history_days,
        limits=config.risk,
        account_limits={name: one.risk for name, one in config.exchanges.items()},
        other_rules=other_rules(),
        dead_man_switches=frozenset(
            name for name, one in config.venues.items() if one.dead_man_switch and name in hosted
        ),
    )


def bot_spec(config: Config, bot: BotConfig) -> BotSpec:
    """One bot with a strategy that has not begun."""
    known, mode = config.instruments[bot.common.exchange], config.mode(bot.bot_id)
    instruments: dict[Symbol, Instrument] = {symbol: known[symbol] for symbol in bot.symbols}
    return BotSpec(
        bot_id=bot.bot_id,
        strategy_name=bot.common.strategy,
        strategy=create(bot.common.strategy, bot.bot_id, bot.parameters, instruments),
        exchange=bot.common.exchange,
        instruments=instruments,
        limits=bot.limits,
        close_on_stop=bot.common.on_stop is OnStop.CLOSE,
        capital=bot.common.capital or Decimal(0),
        mode=mode,
        # A paper twin has its leverage from its own table.
        leverage=bot.common.leverage if mode is not Mode.PAPER else None,
        margin_mode=bot.common.margin or MarginMode.CROSS,
        config=msgspec.json.encode(bot.parameters),
    )
