"""What is to be run: the choices as rows, and the request that they make."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from nimbus_tui.control.backtests import (
    CELLS_AT_MOST,
    BacktestBot,
    BacktestRequest,
    BacktestSetup,
    Sweep,
)
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    clean,
    cut,
    left,
    paragraphs,
    trimmed,
    width_of,
)

_NAME = 11
_FACTORS = tuple(Decimal(part) / 100 for part in (50, 75, 100, 125, 150, 200))
_LEVELS_AROUND = (-2, -1, 0, 1, 2)
_MOST_PARTS = 100


class Form(NamedTuple):
    """The choices as they stand."""

    setup: BacktestSetup | None = None
    files: Mapping[Symbol, str] = {}
    """What was chosen; a symbol that isn't in it has the best file that was found."""
    swept: BotId | None = None
    """The grid of a sweep; None = one run of all bots."""
    spacings: str = ""
    levels: str = ""


class Row(NamedTuple):
    """One line of the form: what Enter on it changes, and how it reads."""

    kind: str
    """config, file, sweep, spacings, levels or run."""
    name: str
    value: str
    tone: str = "plain"
    symbol: Symbol | None = None


def symbols(form: Form) -> tuple[Symbol, ...]:
    """What needs prices."""
    if form.setup is None:
        return ()
    bot = bot_of(form)
    return bot.symbols if bot is not None else form.setup.symbols


def grids(setup: BacktestSetup | None) -> list[BacktestBot]:
    """The bots that can be swept."""
    bots = setup.bots if setup is not None else ()
    return [bot for bot in bots if {"spacing", "levels"} <= bot.parameters.keys()]


def bot_of(form: Form) -> BacktestBot | None:
    """The bot of the sweep, if there is to be one."""
    return next((bot for bot in grids(form.setup) if bot.bot_id == form.swept), None)


def file_of(form: Form, symbol: Symbol) -> str:
    """The file that was chosen or found for a symbol; empty where there is none."""
    found = form.setup.files.get(symbol, ()) if form.setup is not None else ()
    return form.files.get(symbol) or (found[0] if found else "")


def form_rows(form: Form) -> list[Row]:
    """From the top to the bottom; the last one begins the run."""
    if form.setup is None:
        return [Row("config", "config", "is being read …", "muted")]
    setup = form.setup
    rows = [Row("config", "config", setup.config)]
    if setup.problem:
        told = setup.problem.splitlines()[0].removeprefix(f"{setup.config}:")
        return [*rows, Row("config", "✗", told, "loss")]
    for symbol in symbols(form):
        file = file_of(form, symbol)
        if file:
            rows.append(Row("file", symbol, file, "plain", symbol))
        else:
            rows.append(Row("file", symbol, "– Enter chooses a file", "warning", symbol))
    if grids(setup):
        rows.append(_sweep_row(form))
    if form.swept is not None:
        rows.append(Row("spacings", "  spacing %", form.spacings))
        rows.append(Row("levels", "  levels", form.levels))
    made = request_of(form)
    what = "▶ run" if form.swept is None else "▶ sweep"
    if isinstance(made, str):
        rows.append(Row("run", what, made, "warning"))
    else:
        words = f"{made.sweep.cells} runs" if made.sweep is not None else f"{len(setup.bots)} bots"
        rows.append(Row("run", what, words.replace("1 bots", "1 bot"), "gain"))
    return rows


def problem_lines(setup: BacktestSetup, width: int) -> list[Line]:
    """All that is wrong with a config, in full."""
    told = setup.problem.splitlines()
    return [line for text in told for line in paragraphs(f"✗ {text}", width - 2, "loss")]


def _sweep_row(form: Form) -> Row:
    if form.swept is None:
        return Row("sweep", "sweep", "off; Enter tries many spacings × levels", "muted")
    return Row("sweep", "sweep", f"{form.swept}: spacing × levels")


def form_lines(rows: Sequence[Row], width: int) -> list[Line]:
    """The rows as they are painted; of long paths the end is kept."""
    name = max(_NAME, *(width_of(row.name) for row in rows)) if rows else _NAME
    name = min(name, max(_NAME, width // 3))
    lines: list[Line] = []
    for row in rows:
        tone = "key" if row.kind == "run" else "muted"
        room = max(1, width - name - 3)
        lines.append((left(f" {row.name}", name + 2, tone), Cell(_end(row, room), row.tone)))
    return lines


def _end(row: Row, room: int) -> str:
    text = clean(row.value)
    if row.kind not in ("config", "file") or row.tone != "plain" or len(text) <= room:
        return cut(text, room)
    return f"…{text[len(text) - room + 1 :]}"


def sweep_of(bot: BacktestBot) -> tuple[str, str]:
    """Spacings and levels around those of the config, as somebody would write them."""
    try:
        spacing, levels = Decimal(bot.parameters["spacing"]), int(bot.parameters["levels"])
    except (InvalidOperation, ValueError):  # put in from the environment: nobody here knows it
        return "", ""
    around = [level for step in _LEVELS_AROUND if (level := levels + step) > 0]
    return (
        " ".join(trimmed(spacing * factor, 6) for factor in _FACTORS),
        " ".join(str(level) for level in around),
    )


def request_of(form: Form) -> BacktestRequest | str:
    """What to run, or why it can't be run yet."""
    if form.setup is None or form.setup.problem:
        return "choose a config that can be read"
    data = {symbol: file_of(form, symbol) for symbol in symbols(form)}
    if missing := [symbol for symbol, file in data.items() if not file]:
        return f"choose a price file for {missing[0]}"
    request = BacktestRequest(config=form.setup.config, data=data)
    bot = bot_of(form)
    if bot is None:
        return request
    spacings, levels = numbers_of(form.spacings), numbers_of(form.levels)
    if isinstance(spacings, str):
        return f"spacing: {spacings}"
    if isinstance(levels, str):
        return f"levels: {levels}"
    if any(level % 1 for level in levels):
        return "levels: only whole numbers, e.g. 2 3 4 or 2..6"
    sweep = Sweep(
        bot_id=bot.bot_id,
        spacings=spacings,
        levels=tuple(int(level) for level in levels),
    )
    if sweep.cells > CELLS_AT_MOST:
        return f"{sweep.cells} runs are too many; at most {CELLS_AT_MOST}"
    return BacktestRequest(config=request.config, data=data, sweep=sweep)


def numbers_of(text: str) -> tuple[Decimal, ...] | str:
    """Numbers as written: `0.2 0.5 1`, `2..6` in steps of 1, `0.2..1/5` for five; or what is wrong.

    Sorted, each once.
    """
    found: set[Decimal] = set()
    for word in text.replace(",", " ").split():
        try:
            found |= _some(word)
        except (InvalidOperation, ValueError):
            return f"{clean(word)!r} is no number; write 0.2 0.5 1, or 2..6, or 0.2..1/5"
    if not found:
        return "write at least one number, e.g. 0.2 0.5 1"
    if min(found) <= 0 or len(found) > _MOST_PARTS:
        return f"1 to {_MOST_PARTS} numbers above 0"
    return tuple(sorted(found))


def _some(word: str) -> set[Decimal]:
    if ".." not in word:
        return {_number(word)}
    ends, _, parts = word.partition("/")
    start, end = (_number(part) for part in ends.split("..", 1))
    if start > end:
        start, end = end, start
    count = int(parts) if parts else int(end - start) + 1
    if not 1 <= count <= _MOST_PARTS:
        raise ValueError(word)
    if not parts:
        return {start + step for step in range(count)}
    step = (end - start) / max(1, count - 1)
    return {round(start + step * at, 6).normalize() for at in range(count)}


def _number(word: str) -> Decimal:
    value = Decimal(word)
    if not value.is_finite():
        raise ValueError(word)
    return value
