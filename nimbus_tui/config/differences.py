"""Which keys two configs differ in, and which of them a running engine can take over."""

from collections.abc import Iterator

import msgspec

from nimbus_tui.config.model import BotConfig, Config
from nimbus_tui.core.ids import BotId

AT_ONCE = ("shutdown_timeout", "on_shutdown", "emergency", "orphans", "history_days")
"""Keys of [engine] that a running engine takes over."""


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    """Keys by their names in the file."""

    bots: dict[BotId, tuple[str, ...]]
    """Of each bot that both configs have; empty where nothing differs."""
    at_once: tuple[str, ...]
    """Beside the bots: what changes at once."""
    next_start: tuple[str, ...]
    """Beside the bots: what counts from the next start."""


def differences(started: Config, running: Config, new: Config) -> Differences:
    """What is new against the config that runs; `started` is the one that the engine began with."""
    bots = {
        bot_id: tuple(_of_bot(running, running.bots[bot_id], new, bot))
        for bot_id, bot in new.bots.items()
        if bot_id in running.bots
    }
    return Differences(
        bots=bots,
        at_once=tuple(_at_once(running, new)),
        next_start=tuple(_next_start(started, new)),
    )


def _of_bot(running: Config, was: BotConfig, new: Config, now: BotConfig) -> Iterator[str]:
    own: list[str] = []
    if type(was.parameters) is type(now.parameters):
        own = _fields(was.parameters, now.parameters)
    yield from own
    yield from (key for key in _fields(was.common, now.common) if key != "risk")
    for key in _fields(was.limits, now.limits):
        if key not in own:
            yield f"risk.{key}"
    before, after = _instruments(running, was), _instruments(new, now)
    if any(before.get(symbol, one) != one for symbol, one in after.items()):
        yield "instruments"


def _instruments(config: Config, bot: BotConfig) -> dict[str, object]:
    known = config.instruments.get(bot.common.exchange, {})
    return {symbol: known.get(symbol) for symbol in bot.symbols}


def _at_once(running: Config, new: Config) -> Iterator[str]:
    yield from (f"engine.{k}" for k in _fields(running.engine, new.engine) if k in AT_ONCE)
    yield from (f"risk.{key}" for key in _fields(running.risk, new.risk))
    for name, section in new.exchanges.items():
        was = running.exchanges.get(name)
        if was is not None:
            yield from (f"exchanges.{name}.risk.{k}" for k in _fields(was.risk, section.risk))


def _next_start(started: Config, new: Config) -> Iterator[str]:
    yield from (f"engine.{k}" for k in _fields(started.engine, new.engine) if k not in AT_ONCE)
    yield from (f"ui.{key}" for key in _fields(started.ui, new.ui))
    for name, section in new.exchanges.items():
        was = started.exchanges.get(name)
        if was is None or type(was) is not type(section):
            yield f"exchanges.{name}"
        else:
            keys = (key for key in _fields(was, section) if key != "risk")
            yield from (f"exchanges.{name}.{key}" for key in keys)
    yield from (f"exchanges.{name}" for name in started.exchanges if name not in new.exchanges)


def _fields(one: msgspec.Struct, other: msgspec.Struct) -> list[str]:
    """The fields in which two Structs of one type differ."""
    return [
        field.encode_name
        for field in msgspec.structs.fields(one)
        if getattr(one, field.name) != getattr(other, field.name)
    ]
