"""A table of rows: columns that fit the room, an order by any of them, and what a row is called."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, overload

from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.viewmodels.lines import Cell, Line, blank, cut, left, places_of, right, width_of

R = TypeVar("R")
SAMPLED = 500
"""Rows by which the digits of a column are found out; a number with more digits shows them all."""
_ARROWS = {True: "▼", False: "▲"}
_WHOLE_NAME = 20


class Context(NamedTuple):
    """What the cells of a table have in common."""

    now_ns: int = 0
    places: Mapping[str, tuple[int, int]] = {}
    """Digits behind the point of prices and sizes, by symbol."""


class Column(NamedTuple, Generic[R]):
    """One column: what it shows of a row, and by what it orders the rows."""

    name: str
    width: int
    rank: int
    """Columns of a high rank go first when room is short; 0 = it always stays."""
    cell: Callable[[R, int, Context], Cell]
    order: Callable[[R], Any]
    """Something that compares; rows where it is None come last."""
    is_number: bool = False
    most: int = 0
    """How wide it gets where there is room left."""


class Table(NamedTuple, Generic[R]):
    """All that one kind of rows needs to be shown, found, ordered and written to a file."""

    name: str
    columns: tuple[Column[R], ...]
    identity: Callable[[R], str]
    facets: Callable[[R], Mapping[str, str]]
    """What a filter may ask for by name, e.g. `side:buy`."""
    words: Callable[[R], str]
    """What a filter without a name is looked for in."""
    bot: Callable[[R], BotId | None]
    plain: Callable[[R], Mapping[str, Any]]
    """Every field of a row by its name, as it goes into a file."""
    title: Callable[[R], str]
    places: Callable[[Sequence[R]], Mapping[str, tuple[int, int]]] = lambda _: {}


def digits(context: Context, symbol: str, value: Decimal, which: int) -> int:
    """Digits behind the point of a price (0) or size (1): as its neighbours have, never fewer."""
    return max(context.places.get(symbol, (0, 0))[which], places_of([value]))


class Sort(NamedTuple):
    """The column that orders the rows."""

    column: str
    is_descending: bool = False


class Named(Protocol):
    """A column, as far as its place in the heading goes."""

    @property
    def name(self) -> str:
        """What stands above it."""
        ...

    @property
    def is_number(self) -> bool:
        """Whether it stands at the right of its column."""
        ...


Fitted = tuple[tuple[Column[R], int], ...]


def fitted(columns: Sequence[Column[R]], room: int) -> Fitted[R]:
    """The columns that fit, in their order, and how wide each is; a gap of one between them."""
    chosen = [column for column in columns if column.rank == 0]
    spare = room - 1 - sum(column.width + 1 for column in chosen)
    for column in sorted((c for c in columns if c.rank), key=lambda c: c.rank):
        if spare < column.width + 1:
            break
        chosen.append(column)
        spare -= column.width + 1
    wide = {column.name: column.width for column in chosen}
    for column in (one for one in columns if one.name in wide):
        more = max(0, min(spare, column.most - column.width))
        wide[column.name] += more
        spare -= more
    return tuple((column, wide[column.name]) for column in columns if column in chosen)


def names_line(columns: Sequence[tuple[Named, int]], sort: Sort | None) -> Line:
    """The names of the columns; the one that orders the rows has an arrow."""
    cells = [blank(1)]
    for column, width in columns:
        is_sorted = sort is not None and sort.column == column.name
        arrow = _ARROWS[sort.is_descending] if sort is not None and is_sorted else ""
        write = right if column.is_number else left
        text = f"{cut(column.name, width - len(arrow))}{arrow}"
        cells += [write(text, width, "title" if is_sorted else "muted"), blank(1)]
    return tuple(cells)


def row_line(row: R, columns: Fitted[R], context: Context) -> Line:
    """One row."""
    cells = [blank(1)]
    for column, width in columns:
        cells += [column.cell(row, width, context), blank(1)]
    return tuple(cells)


def column_at(columns: Sequence[tuple[Named, int]], x: int) -> str | None:
    """The name of the column at a place of the line."""
    start = 1
    for column, width in columns:
        if start <= x < start + width + 1:
            return column.name
        start += width + 1
    return None


def ordered(rows: Sequence[R], columns: Sequence[Column[R]], sort: Sort | None) -> Sequence[R]:
    """The rows by a column; rows that it says nothing of stay at the end."""
    column = next((c for c in columns if sort is not None and c.name == sort.column), None)
    if sort is None or column is None:
        return rows
    order = column.order
    known = [row for row in rows if order(row) is not None]
    rest = [row for row in rows if order(row) is None]
    return [*sorted(known, key=order, reverse=sort.is_descending), *rest]


def next_sort(names: Sequence[str], sort: Sort | None) -> Sort | None:
    """The next column to order by; after the last one the rows are as they came."""
    at = names.index(sort.column) + 1 if sort is not None and sort.column in names else 0
    return Sort(names[at]) if at < len(names) else None


def clicked_sort(name: str, sort: Sort | None) -> Sort:
    """By the column that was clicked; the other way round the second time."""
    again = sort is not None and sort.column == name
    return Sort(name, again and not (sort is not None and sort.is_descending))


class Lines(Sequence[Line], Generic[R]):
    """The lines of many rows, each made when it is looked at."""

    def __init__(self, rows: Sequence[R], columns: Fitted[R], context: Context) -> None:
        self._rows = rows
        self._columns = columns
        self._context = context

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Line: ...

    @overload
    def __getitem__(self, at: slice) -> list[Line]: ...

    def __getitem__(self, at: int | slice) -> Line | list[Line]:
        if isinstance(at, slice):
            return [row_line(row, self._columns, self._context) for row in self._rows[at]]
        return row_line(self._rows[at], self._columns, self._context)


def whole_lines(plain: Mapping[str, Any], width: int) -> list[Line]:
    """Every field of a row below each other; what is long goes on in the next line."""
    lines: list[Line] = []
    room = max(1, width - _WHOLE_NAME - 1)
    for name, value in plain.items():
        label = name.replace("_", " ")
        told = _told(value)
        if name == "ts" and isinstance(value, int):
            then = datetime.fromtimestamp(value // 1_000_000_000, UTC)
            told = f"{told} ({then:%d %b %Y %H:%M:%S} UTC)"
        for text in _folded(told, room):
            lines.append((left(f" {label}", _WHOLE_NAME, "muted"), Cell(text)))
            label = ""
    return lines


def _told(value: Any) -> str:
    match value:
        case _ if value is None or value in ("", [], {}):
            return "–"
        case bool():
            return "yes" if value else "no"
        case dict():
            return "\n".join(f"{key}: {_told(inner)}" for key, inner in value.items())
        case list() | tuple():
            return ", ".join(_told(inner) for inner in value)
        case _:
            return str(value)


def _folded(text: str, width: int) -> Iterator[str]:
    """Lines of a width; words stay whole where they fit."""
    for line in text.splitlines() or [""]:
        rest = line
        while width_of(rest) > width:
            head = rest[:width]
            while width_of(head) > width:
                head = head[:-1]
            at = head.rfind(" ") + 1 or len(head)
            yield rest[:at].rstrip()
            rest = rest[at:]
        yield rest
