"""Commands about risk: the readings, and what asks for a typed word before it is done."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, NoReturn

import msgspec
import typer

from nimbus_tui.cli.diagnostics import ExitCode, fail, friendly, say
from nimbus_tui.cli.output import print_json, print_table
from nimbus_tui.cli.running_engine import (
    EngineOption,
    JsonOption,
    YesOption,
    asked,
    confirm,
    engine_name,
    foretell,
    is_running,
    tell,
)
from nimbus_tui.control.commands import EmergencyShutdown, FlattenBot, Rearm, ResetPeak
from nimbus_tui.control.rows import risk_row
from nimbus_tui.core.errors import ConfigError, EngineUnreachable
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.risk import RiskReading, RiskStep

if TYPE_CHECKING:
    from nimbus_tui.control.client import EngineClient
    from nimbus_tui.control.risk import RiskSnapshot

LEFT_SHOWN = 10
"""How many of the things that are left are named at a time."""
LOOK_EVERY_S = 1.0
RESETTABLE = ("drawdown",)
"""Rules that have something to reset."""

risk_app = typer.Typer(help="The risk rules: how much of each limit is used.")


def mount(app: typer.Typer) -> None:
    """Hang the commands on the app."""
    app.add_typer(risk_app, name="risk")
    for command in (emergency, rearm, flatten):
        app.command(command.__name__)(command)


@risk_app.callback(invoke_without_command=True)
def risk(context: typer.Context, as_json: JsonOption = False, engine: EngineOption = None) -> None:
    """The risk rules: how much of each limit is used."""
    if context.invoked_subcommand is not None:
        return
    with friendly():
        snapshot = _newest(engine_name(engine))
        if as_json:
            print_json([risk_row(reading) for reading in snapshot.readings])
            return
        columns = ("scope", "level", "rule", "measured", "limit", "usage", "step")
        print_table(columns, [_cells(reading) for reading in snapshot.readings])
        _say_standings(snapshot)


def _newest(name: str) -> "RiskSnapshot":
    """What a running engine says, else the newest that its journal has kept."""
    from nimbus_tui.config.locations import journal_path
    from nimbus_tui.control.risk import KEPT, RiskSnapshot
    from nimbus_tui.journal.sqlite import SqliteJournal

    try:
        return asked(name, lambda client: client.risk())
    except EngineUnreachable as error:
        text = SqliteJournal.read(journal_path(name)).fact(KEPT)
        if text is None:
            raise
        kept = msgspec.json.decode(text, type=RiskSnapshot)
        when = datetime.fromtimestamp(kept.now_ns / 1e9, UTC)
        say(f"{error}; this is how it stood at {when:%Y-%m-%d %H:%M:%S} UTC")
        return kept


def _cells(reading: RiskReading) -> tuple[str, ...]:
    usage = "" if reading.usage is None else f"{reading.usage * 100:.0f} %"
    return (
        reading.scope,
        str(reading.level),
        reading.rule.replace("_", " "),
        _figure(reading.measured),
        _figure(reading.limit),
        usage,
        reading.step.label,
    )


def _figure(number: Decimal | None) -> str:
    return "" if number is None else f"{number:,.2f}"


def _say_standings(snapshot: "RiskSnapshot") -> None:
    """What holds now, beside the table."""
    for standing in snapshot.standings:
        words = [standing.step.label] if standing.step > RiskStep.NORMAL else []
        words += ["paused by the operator"] if standing.operator_paused else []
        if words:
            reason = f": {standing.reason}" if standing.reason else ""
            say(f"{standing.scope}: {', '.join(words)}{reason}")
    if snapshot.emergency:
        say(f"emergency: {snapshot.emergency}")


@risk_app.command("reset")
def reset(
    bot: str,
    rule: Annotated[str, typer.Argument(help="What to measure afresh: drawdown.")],
    yes: YesOption = False,
    engine: EngineOption = None,
) -> None:
    """Measure a bot's drawdown from its equity of now on."""
    with friendly():
        if rule not in RESETTABLE:
            raise ConfigError(f"{rule!r} can't be reset; allowed: {', '.join(RESETTABLE)}")
        name, command = engine_name(engine), ResetPeak(BotId(bot))
        foretell([command], name)
        confirm(yes, "RESET", f"measure the drawdown of {bot} afresh")
        tell([command], name)


def flatten(bot: list[str], yes: YesOption = False, engine: EngineOption = None) -> None:
    """Stop bots and close their positions at the market, whatever `on_stop` says."""
    with friendly():
        name = engine_name(engine)
        commands = [FlattenBot(BotId(one)) for one in bot]
        foretell(commands, name)
        confirm(yes, "FLATTEN", f"stop {', '.join(bot)} and close what they hold")
        tell(commands, name)


def rearm(yes: YesOption = False, engine: EngineOption = None) -> None:
    """Lift the emergency latch; every bot stays stopped."""
    with friendly():
        name = engine_name(engine)
        foretell([Rearm()], name)
        confirm(yes, "REARM", f"lift the latch of {name}")
        tell([Rearm()], name)


def emergency(
    yes: YesOption = False,
    wait: Annotated[
        float | None,
        typer.Option("--wait", help="Seconds to wait until it is verified; else until it is."),
    ] = None,
    engine: EngineOption = None,
) -> None:
    """Cancel every order of every bot, verify, and latch."""
    with friendly():
        name = engine_name(engine)
        try:
            foretell([EmergencyShutdown()], name)
        except EngineUnreachable as error:
            if not is_running(name):
                raise EngineUnreachable(f"{error}{_may_rest(name)}") from error
            say(f"what it does exactly can't be said: {error}")  # and no reason not to do it
        confirm(yes, "EMERGENCY", f"cancel every order of {name}")
        tell([EmergencyShutdown()], name)
        try:
            verified = asked(name, lambda client: _until_verified(client, wait))
        except EngineUnreachable as error:
            fail(
                f"nimbus-tui: {error}; nobody has verified that nothing is left", ExitCode.EMERGENCY
            )
        if not verified:
            fail("nimbus-tui: it is not verified yet; the engine keeps at it", ExitCode.EMERGENCY)


def _not_verified(why: str) -> NoReturn:
    fail(f"nimbus-tui: {why}", ExitCode.EMERGENCY)


async def _until_verified(client: "EngineClient", wait_s: float | None) -> bool:
    """Say what is left whenever that changes, until nothing is or the time is up."""
    shown: tuple[str, ...] = ()
    revision, began = 0, None
    while True:
        snapshot = await client.risk()
        began = snapshot.now_ns if began is None else began
        if snapshot.verified:
            say(snapshot.emergency)
            return True
        if snapshot.left != shown:
            shown = snapshot.left
            _say_left(shown)
        if wait_s is not None and snapshot.now_ns - began >= wait_s * 1e9:
            return False
        revision = (await client.updates(revision, timeout_s=LOOK_EVERY_S)).revision


def _say_left(left: tuple[str, ...]) -> None:
    for line in left[:LEFT_SHOWN]:
        say(f"still there: {line}")
    if len(left) > LEFT_SHOWN:
        say(f"still there: and {len(left) - LEFT_SHOWN} more")


def _may_rest(name: str) -> str:
    """What a journal says may still rest at the venues, while nobody runs who could cancel it."""
    from nimbus_tui.config.locations import journal_path
    from nimbus_tui.journal.sqlite import SqliteJournal

    if not journal_path(name).exists():
        return ""
    journal = SqliteJournal.read(journal_path(name))
    try:
        orders = len(journal.live_orders())
    finally:
        journal.close()
    return f"; by its journal {orders} orders may still rest at the venues" if orders else ""
