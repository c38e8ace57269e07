"""Commands that look at an engine or tell it something: bots, orders, fills, events, pause."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import typer

from nimbus_tui.cli.diagnostics import friendly, say
from nimbus_tui.cli.output import print_json, print_lines, print_table
from nimbus_tui.cli.running_engine import (
    EngineOption,
    JsonOption,
    connected,
    engine_name,
    foretell,
)
from nimbus_tui.cli.running_engine import tell as send
from nimbus_tui.control.commands import (
    Command,
    PauseBot,
    ResumeBot,
    StartBot,
    StopBot,
)
from nimbus_tui.control.rows import bot_row, fill_row, order_row
from nimbus_tui.control.snapshots import EngineSnapshot
from nimbus_tui.core.codec import to_plain
from nimbus_tui.core.errors import EngineUnreachable
from nimbus_tui.core.ids import BotId


def mount(app: typer.Typer) -> None:
    """Hang the commands on the app."""
    queries: dict[str, Callable[..., None]] = {
        "bots": bots,
        "orders": orders,
        "fills": fills,
        "events": events,
        "status": status,
    }
    for name, command in queries.items():
        app.command(name)(command)
    verbs: dict[str, Callable[[BotId], Command]] = {
        "pause": PauseBot,
        "resume": ResumeBot,
        "start": StartBot,
        "stop": StopBot,
    }
    for verb, make in verbs.items():
        app.command(verb, help=f"{verb.capitalize()} bots of a running engine.")(_telling(make))


def _ask(
    given: str | None, live: Callable[[Any], Awaitable[Any]], stored: Callable[[Any], Any]
) -> Any:
    """Ask the running engine, else its journal."""
    from nimbus_tui.config.locations import journal_path, socket_path
    from nimbus_tui.journal.sqlite import SqliteJournal

    name = engine_name(given)

    async def ask() -> Any:
        client = await connected(name)
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


def bots(as_json: JsonOption = False, engine: EngineOption = None) -> None:
    """The bots with state, price, position and results."""
    with friendly():

        async def live(client: Any) -> list[dict[str, Any]]:
            return [bot_row(bot) for bot in (await client.snapshot())[1]]

        rows = _ask(engine, live, _stored_bots)
        _show(
            rows,
            as_json,
            ("bot_id", "mode", "state", "risk", "symbol", "price", "position", "equity"),
        )


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
                "mode": None,
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
    as_json: JsonOption = False,
    everything: Annotated[bool, typer.Option("--all", help="Also orders that have ended.")] = False,
    engine: EngineOption = None,
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


def fills(as_json: JsonOption = False, engine: EngineOption = None, limit: int = 1000) -> None:
    """The newest fills, oldest first."""
    with friendly():
        found = _history(engine, lambda journal: journal.fills(limit=limit, newest=True))
        rows = [fill_row(fill) for fill in found]
        _show(rows, as_json, ("ts", "bot_id", "key", "side", "price", "quantity", "fee"))


def events(
    as_json: JsonOption = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new ones.")] = False,
    engine: EngineOption = None,
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
    client = await connected(name)
    revision = 0
    while True:
        update = await client.updates(revision)
        revision = update.revision
        new = await client.events(after=after)
        print_lines(new)
        after = new[-1].seq if new else after


def status_document(snapshot: EngineSnapshot, bots: int) -> dict[str, Any]:
    """`status --json`: times in ms, `uptime` in seconds."""
    return {
        "name": snapshot.name,
        "version": snapshot.version,
        "uptime": (snapshot.now_ns - snapshot.started_ns) / 1e9,
        "clock_offset_ms": snapshot.clock_offset_ms,
        "engine": {
            "state": snapshot.state,
            "mode": snapshot.mode,
            "risk": snapshot.risk,
            "bots": bots,
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


def status(as_json: JsonOption = False, engine: EngineOption = None) -> None:
    """How the engine and its venues are doing."""
    with friendly():

        async def ask() -> Any:
            client = await connected(engine_name(engine))
            try:
                return await client.snapshot()
            finally:
                await client.close()

        snapshot, found = asyncio.run(ask())
        if as_json:
            print_json(status_document(snapshot, len(found)))
        else:
            mode = _mode_word(snapshot.mode.value)
            rows = [(snapshot.name, mode, snapshot.state, snapshot.risk, str(len(found)))]
            print_table(("engine", "mode", "state", "risk", "bots"), rows)
            if snapshot.emergency:
                say(f"emergency: {snapshot.emergency}")


def _telling(make: Callable[[BotId], Command]) -> Callable[..., None]:
    def tell(bot: list[str], engine: EngineOption = None) -> None:
        with friendly():
            name = engine_name(engine)
            commands = [make(BotId(one)) for one in bot]
            if make is StopBot:
                foretell(commands, name)
            send(commands, name)

    return tell


def _show(rows: list[dict[str, Any]], as_json: bool, columns: Sequence[str]) -> None:
    if as_json:
        print_json(rows)
    else:
        _table([to_plain(row) for row in rows], columns)


def _table(rows: list[dict[str, Any]], columns: Sequence[str]) -> None:
    print_table(
        [column.replace("_", " ") for column in columns],
        [[_cell(column, row.get(column)) for column in columns] for row in rows],
    )


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    return _mode_word(value) if column == "mode" else str(value)


def _mode_word(mode: str) -> str:
    """As the header says it, which is what `output` paints red."""
    return mode.upper()
