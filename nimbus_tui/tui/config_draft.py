"""A config while it is edited: the text, what it was made from, and what is known about it."""

from collections.abc import Mapping
from typing import Any

from nimbus_tui.config.document import with_value, without
from nimbus_tui.config.literals import Value
from nimbus_tui.config.positions import Place, nearest, statements
from nimbus_tui.control.config_change import ConfigText
from nimbus_tui.control.config_form import ConfigForm
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.preview import ConfigPreview
from nimbus_tui.core.problems import ConfigProblem
from nimbus_tui.tui.viewmodels.config_form import (
    FieldRow,
    Page,
    Parsed,
    Path,
    field_rows,
    pages,
    parsed,
    value_at,
)
from nimbus_tui.tui.viewmodels.diff import DiffSize, diff_size
from nimbus_tui.tui.viewmodels.wizard import guided_pages

READ_AT_ONCE = 20_000
"""Characters up to which a text is read with every letter typed."""

AnyPath = tuple[str | int, ...]


def understood(text: str) -> tuple[Parsed, list[tuple[AnyPath, Place]]]:
    """What a text says, and where each of its keys stands; takes its time for a long one."""
    return parsed(text), statements(text)


class ConfigDraft:
    """The text is the one truth; the form shows it and changes it key by key."""

    def __init__(self, base: ConfigText, form: ConfigForm, text: str | None = None) -> None:
        self.base = base
        """The file that it was made from."""
        self.form = form
        self.on_disk: ConfigText | None = None
        """The file as somebody else has written it meanwhile."""
        self.answer: ConfigPreview | None = None
        """What the text means; None until it is known."""
        self.open_page: tuple[Path, str] = ((), "")
        """The open page's path and name: a new bot's table has several."""
        self.new_bot = ""
        """The bot that is being set up, step by step; empty where all tables are shown."""
        self.open_field = 0
        self.trouble = ""
        """Why the text isn't TOML; the pages are those of the last text that was."""
        self._data: Mapping[str, Any] = {}
        self._checked = ""
        self._size: DiffSize | None = None
        self._spots: list[tuple[AnyPath, Place]] = []
        self._before: str | None = None
        """The text when a value began to be typed: each further letter changes that one, so that a
        comment outlives the moment in which the value was empty."""
        self.text = base.text if text is None else text
        self.know(self.text, *understood(self.text))

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self.text != self.base.text

    @property
    def size(self) -> DiffSize:
        """How large the change is."""
        if self._size is None:
            self._size = diff_size(self.base.text, self.text)
        return self._size

    @property
    def data(self) -> Mapping[str, Any]:
        """The tables of the last text that could be read."""
        return self._data

    @property
    def problems(self) -> tuple[ConfigProblem, ...]:
        """What was wrong with the last text that was checked."""
        return self.answer.errors if self.answer is not None else ()

    @property
    def is_checked(self) -> bool:
        """Whether what is known is about the text as it is now."""
        return self.answer is not None and self._checked == self.text

    # the text

    def change(self, text: str) -> None:
        """It is another text now; what a long one says is told later, by `know`."""
        self.text = text
        self._size = None
        if len(text) <= READ_AT_ONCE:
            self.know(text, *understood(text))

    def know(self, text: str, read: Parsed, spots: list[tuple[AnyPath, Place]]) -> None:
        """What a text says, and where; forgotten if it is another one by now."""
        if text != self.text:
            return
        self.trouble, self._spots = read.trouble, spots
        if not read.trouble:
            self._data = read.data

    def learn(self, text: str, answer: ConfigPreview) -> None:
        """What a text means; one that has changed since is asked about again."""
        self.answer, self._checked = answer, text

    def rebase(self, base: ConfigText) -> None:
        """What is edited comes from this file now; the text stays."""
        self.base, self.on_disk, self._size = base, None, None

    def begin_typing(self) -> None:
        """A value is typed from now on, letter by letter."""
        self._before = self.text

    @property
    def is_typing(self) -> bool:
        """Whether a value is being typed."""
        return self._before is not None

    def end_typing(self) -> None:
        """It is typed."""
        self._before = None

    def take_back(self) -> None:
        """The text as it was before the value was typed."""
        if self._before is not None:
            self.change(self._before)

    def set_field(self, row: FieldRow, value: Value | None) -> None:
        """Give a key a value, or leave it out.

        Raises:
            ConfigError: the text can't take it.
        """
        text = self.text if self._before is None else self._before
        if value is None:
            self.change(without(text, row.path))
        else:
            self.change(with_value(text, row.path, value))

    # the form

    @property
    def pages(self) -> list[Page]:
        """A page for each table; for a new bot, one for each step."""
        found = pages(self._data, self.form)
        new = [page for page in found if page.path == ("bots", self.new_bot)]
        return guided_pages(new[0], self._data) if self.new_bot and new else found

    @property
    def page_at(self) -> int:
        """Which page is open."""
        known = [(page.path, page.name) for page in self.pages]
        return known.index(self.open_page) if self.open_page in known else 0

    @property
    def page(self) -> Page:
        """The open page."""
        return self.pages[self.page_at]

    @property
    def rows(self) -> list[FieldRow]:
        """The fields of the open page."""
        return field_rows(self.page, self._data, self.problems)

    @property
    def row(self) -> FieldRow | None:
        """The selected field."""
        rows = self.rows
        return rows[min(self.open_field, len(rows) - 1)] if rows else None

    @property
    def bot_id(self) -> BotId | None:
        """Whose page is open, if it is a bot's."""
        path = self.page.path
        return BotId(path[1]) if path[0] == "bots" and len(path) > 1 else None

    def open(self, page: Page, at: int = 0) -> None:
        """Open a page at one of its fields."""
        self.open_page, self.open_field = (page.path, page.name), at

    @property
    def traded(self) -> tuple[str, ...]:
        """The symbols that the open page names, or what it says of assets; empty if nothing."""
        table = value_at(self._data, self.page.path)
        if not isinstance(table, Mapping):
            return ()
        if isinstance(symbol := table.get("symbol"), str):
            return (symbol,)
        targets = table.get("targets")
        return tuple(targets) if isinstance(targets, Mapping) else ()

    def turn_page(self, by: int) -> None:
        """Open a page further on or back."""
        found = self.pages
        self.open(found[(self.page_at + by) % len(found)])

    def move(self, by: int) -> None:
        """Select a field further down or up."""
        last = max(0, len(self.rows) - 1)
        self.open_field = max(0, min(min(self.open_field, last) + by, last))

    # between text and form

    def place_of(self, path: Path) -> Place:
        """Where a key, or what is around it, stands in the text; both from 1."""
        found: dict[AnyPath, Place] = {}
        for spot, place in self._spots:
            for length in range(1, len(spot) + 1):
                found.setdefault(spot[:length], place)
        return nearest(found, path)

    def open_at(self, line: int) -> bool:
        """Open the page and field that a line of the text (from 1) is about."""
        path: tuple[str | int, ...] = ()
        for found, place in self._spots:
            if place[0] > line:
                break
            path = found
        return self.open_key(tuple(part for part in path if isinstance(part, str)))

    def open_key(self, path: Path) -> bool:
        """Open the page and field of a key; whether anything of the form moved."""
        before = (self.open_page, self.open_field)
        fitting = [page for page in self.pages if path[: len(page.path)] == page.path]
        for page in fitting:
            inner = path[len(page.path) :]
            fields = [field.path for field in page.section.fields]
            places = [at for at, own in enumerate(fields) if own[: len(inner)] == inner]
            places += [at for at, own in enumerate(fields) if inner[: len(own)] == own]
            if places and inner:
                self.open(page, places[0])
                return before != (self.open_page, self.open_field)
        if fitting and self.page not in fitting:
            self.open(fitting[0])
        return before != (self.open_page, self.open_field)
