"""Commands that look at an engine or tell it something: bots, orders, fills, events, pause."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nimbus_tui.cli.diagnostics import ExitCode, friendly, say
from nimbus_tui.cli.output import print_json, print_lines, print_table
from nimbus_tui.control.commands import (
    Command,
    EmergencyShutdown,
    FlattenBot,
    PauseBot,
    Rearm,
    Result,
    ResumeBot,
    StartBot,
    StopBot,
)
from nimbus_tui.control.rows import bot_row, fill_row, order_row
from nimbus_tui.core.codec import to_plain
from nimbus_tui.core.errors import ConfigError, EngineUnreachable
from nimbus_tui.core.ids import BotId

Engine = Annotated[str | None, typer.Option("--engine", help="Name of the engine.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


def mount(app: typer.Typer) -> None:
    """Hang the commands on the app."""
    queries: dict[str, Callable[..., None]] = {
        "bots": bots,
        "orders": orders,
        "fills": fills,
        "events": events,
        "status": status,
        "emergency": emergency,
        "rearm": rearm,
    }
    for name, command in queries.items():
        app.command(name)(command)
    verbs: dict[str, Callable[[BotId], Command]] = {
        "pause": PauseBot,
        "resume": ResumeBot,
        "start": StartBot,
        "stop": StopBot,
        "flatten": FlattenBot,
    }
    for verb, make in verbs.items():
        app.command(verb, help=f"{verb.capitalize()} bots of a running engine.")(_telling(make))


def engine_name(given: str | None) -> str:
    """The engine that is meant: the one given, the only running one, or the only journal.

    Raises:
        ConfigError: there are several, or none.
    """
    from nimbus_tui.config.locations import known_engines, socket_folder

    if given is not None:
        return given
    running = sorted(path.stem for path in socket_folder().glob("*.sock") if _listens(path))
    for names in (running, known_engines()):
        if len(names) == 1:
            return names[0]
        if names:
            raise ConfigError(f"there are several engines: {', '.join(names)}; give --engine NAME")
    raise ConfigError("there is no engine yet; start one with `nimbus-tui run CONFIG`")


def _listens(path: Path) -> bool:
    """Whether somebody is behind a socket: a killed engine leaves its file behind."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


async def _client(name: str) -> Any:
    from nimbus_tui.config.locations import socket_path
    from nimbus_tui.control.unix_socket import UnixSocketClient

    return await UnixSocketClient.connect(str(socket_path(name)))


def _ask(
    given: str | None, live: Callable[[Any], Awaitable[Any]], stored: Callable[[Any], Any]
) -> Any:
    """Ask the running engine, else its journal."""
    from nimbus_tui.config.locations import journal_path, socket_path
    from nimbus_tui.journal.sqlite import SqliteJournal

    name = engine_name(given)

    async def ask() -> Any:
        client = await _client(name)
        try:
            return await live(client)
        finally:
            await client.close()

    try:
        return asyncio.run(ask())
    except EngineUnreachable as error:
        if socket_path(name).exists():
            say(f"{error}; this is what its journal says")
        return stored(SqliteJournal.read(journal_path(name)))


def _history(given: str | None, stored: Callable[[Any], Any]) -> Any:
    """Ask the journal itself: however long that takes, a running engine does not notice."""
    from nimbus_tui.config.locations import journal_path
    from nimbus_tui.journal.sqlite import SqliteJournal

    return stored(SqliteJournal.read(journal_path(engine_name(given))))


def bots(as_json: Json = False, engine: Engine = None) -> None:
    """The bots with state, price, position and results."""
    with friendly():

        async def live(client: Any) -> list[dict[str, Any]]:
            return [bot_row(bot) for bot in (await client.snapshot())[1]]

        rows = _ask(engine, live, _stored_bots)
        _show(rows, as_json, ("bot_id", "state", "risk", "symbol", "price", "position", "equity"))


def _stored_bots(journal: Any) -> list[dict[str, Any]]:
    """What the journal knows of bots whose engine doesn't run: no price, nothing unrealised."""
    from nimbus_tui.engine.standing import Saved
    from nimbus_tui.engine.statistics import assets

    rows = []
    for record in journal.bots():
        saved = Saved.of(record)
        books = saved.books
        symbol = record.symbols[0] if len(record.symbols) == 1 else None
        position = books.position(symbol) if symbol else None
        several = {} if symbol else {"assets": assets(record.symbols, books)}
        rows.append(
            {
                "bot_id": record.bot_id,
                "strategy": record.strategy,
                "exchange": record.exchange,
                "symbol": symbol,
                "state": record.state,
                "risk": "normal",
                "price": None,
                "position": position.quantity if position else None,
                "average_cost": position.average_cost if position else None,
                "realized_pnl": books.realized_pnl,
                "unrealized_pnl": None,
                "fees": books.fees,
                "equity": books.equity({}),
                "round_trips": None,
                "open_orders": len(journal.live_orders(record.bot_id)),
                "statistics": {"rebalances": saved.rebalances} | several,
                "since": saved.since,
            }
        )
    return rows


def orders(
    as_json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Also orders that have ended.")] = False,
    engine: Engine = None,
) -> None:
    """Open orders."""
    with friendly():

        async def live(client: Any) -> Sequence[Any]:
            return await client.orders()  # type: ignore[no-any-return]

        found = (
            _history(engine, lambda journal: journal.orders(limit=-1))
            if everything
            else _ask(engine, live, lambda journal: journal.live_orders())
        )
        rows = [order_row(order) for order in found]
        _show(rows, as_json, ("bot_id", "key", "side", "price", "quantity", "filled", "state"))


def fills(as_json: Json = False, engine: Engine = None, limit: int = 1000) -> None:
    """The newest fills, oldest first."""
    with friendly():
        found = _history(engine, lambda journal: journal.fills(limit=limit, newest=True))
        rows = [fill_row(fill) for fill in found]
        _show(rows, as_json, ("ts", "bot_id", "key", "side", "price", "quantity", "fee"))


def events(
    as_json: Json = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new ones.")] = False,
    engine: Engine = None,
    limit: int = 1000,
) -> None:
    """The newest events, oldest first; as JSON one a line."""
    with friendly():
        found = _history(engine, lambda journal: journal.events(limit=limit, newest=True))
        if as_json:
            print_lines(found)
        else:
            rows = [to_plain(event) for event in found]
            _table(rows, ("seq", "ts", "bot_id", "type"))
        if follow:
            asyncio.run(_follow(engine_name(engine), found[-1].seq if found else 0))


async def _follow(name: str, after: int) -> None:
    client = await _client(name)
    revision = 0
    while True:
        update = await client.updates(revision)
        revision = update.revision
        new = await client.events(after=after)
        print_lines(new)
        after = new[-1].seq if new else after


def status(as_json: Json = False, engine: Engine = None) -> None:
    """How the engine and its venues are doing."""
    with friendly():

        async def ask() -> Any:
            client = await _client(engine_name(engine))
            try:
                return await client.snapshot()
            finally:
                await client.close()

        snapshot, found = asyncio.run(ask())
        document = {
            "name": snapshot.name,
            "version": snapshot.version,
            "uptime": (snapshot.now_ns - snapshot.started_ns) / 1e9,
            "clock_offset_ms": 0,
            "engine": {
                "state": snapshot.state,
                "risk": snapshot.risk,
                "bots": len(found),
                "equity": snapshot.equity,
            },
            "exchanges": {
                venue.name: {
                    "connected": venue.link == "connected",
                    "ping_ms": venue.ping_ms,
                    "data_age_ms": venue.data_age_ms,
                    "reconnects": venue.reconnects,
                    "rate_used": venue.rate_used,
                }
                for venue in snapshot.exchanges
            },
        }
        if as_json:
            print_json(document)
        else:
            rows = [(snapshot.name, snapshot.state, snapshot.risk, str(len(found)))]
            print_table(("engine", "state", "risk", "bots"), rows)
            if snapshot.emergency:
                say(f"emergency: {snapshot.emergency}")


def _telling(make: Callable[[BotId], Command]) -> Callable[..., None]:
    def tell(bot: list[str], engine: Engine = None) -> None:
        with friendly():
            _execute([make(BotId(name)) for name in bot], engine)

    return tell


def emergency(
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False, engine: Engine = None
) -> None:
    """Cancel every order of every bot, verify, and latch."""
    with friendly():
        name = engine_name(engine)
        _confirm(yes, "EMERGENCY", f"cancel every order of {name}")
        _execute([EmergencyShutdown()], name)


def rearm(
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False, engine: Engine = None
) -> None:
    """Lift the emergency latch; every bot stays stopped."""
    with friendly():
        name = engine_name(engine)
        _confirm(yes, "REARM", f"lift the latch of {name}")
        _execute([Rearm()], name)


def _confirm(yes: bool, word: str, deed: str) -> None:
    """The dangerous commands want a word typed, or `--yes`."""
    if not yes and typer.prompt(f"Type {word} to {deed}", err=True) != word:
        raise ConfigError(f"nothing was done: that was not {word}")


def _execute(commands: list[Command], engine: str | None) -> None:
    async def tell() -> list[Any]:
        client = await _client(engine_name(engine))
        try:
            return [await client.execute(command) for command in commands]
        finally:
            await client.close()

    outcomes = asyncio.run(tell())
    for outcome in outcomes:
        say(outcome.message)
    if any(outcome.result is Result.REFUSED for outcome in outcomes):
        raise SystemExit(ExitCode.FAILED)


def _show(rows: list[dict[str, Any]], as_json: bool, columns: Sequence[str]) -> None:
    if as_json:
        print_json(rows)
    else:
        _table([to_plain(row) for row in rows], columns)


def _table(rows: list[dict[str, Any]], columns: Sequence[str]) -> None:
    print_table(
        [column.replace("_", " ") for column in columns],
        [[str("" if row.get(c) is None else row[c]) for c in columns] for row in rows],
    )
