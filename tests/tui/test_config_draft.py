"""A draft: the text is the truth, and every comment outlives an edit of every field."""

from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.config.form import config_form
from nimbus_tui.config.locations import shipped
from nimbus_tui.control.config_change import ConfigText, text_hash
from nimbus_tui.strategies import factory
from nimbus_tui.tui.config_draft import READ_AT_ONCE, ConfigDraft, understood
from nimbus_tui.tui.viewmodels.config_form import typed_value, value_at
from tests.tui.scripted_config import FORM, TEXT

SAMPLES = sorted(shipped("sample_configs").glob("*.toml"))


def draft_of(text: str) -> ConfigDraft:
    digest = text_hash(text)
    base = ConfigText(text=text, path="x.toml", hash=digest, running_hash=digest)
    return ConfigDraft(base, config_form(factory))


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_given_field_of_every_sample_can_be_edited_and_no_comment_is_lost(path: Path) -> None:
    text = path.read_text("utf-8")
    draft, edited = draft_of(text), 0
    for page in draft.pages:
        draft.open(page)
        for at, row in enumerate(draft.rows):
            if row.given is None or row.field.choices or not _is_number(row.given):
                continue
            draft.open_field = at
            draft.change(text)
            draft.set_field(row, typed_value(row.field, "7"))
            assert comments(draft.text) == comments(text), row.path
            assert value_at(draft.data, row.path) in (7, Decimal(7)), row.path
            changed = zip(text.splitlines(), draft.text.splitlines(), strict=True)
            assert sum(old != new for old, new in changed) <= 1, row.path
            edited += 1
    assert edited > 0


def _is_number(text: str) -> bool:
    return text.replace(".", "").replace("-", "").isdigit()


def test_a_line_of_the_text_opens_its_field_and_a_field_knows_its_line() -> None:
    base = ConfigText(text=TEXT, path="x", hash="h", running_hash="h")
    draft = ConfigDraft(base, FORM)
    lines = TEXT.splitlines()
    assert draft.open_at(lines.index("levels = 6") + 1)
    assert draft.row is not None
    assert draft.row.path == ("bots", "btc-perp", "levels")
    assert draft.place_of(draft.row.path) == (lines.index("levels = 6") + 1, 1)
    assert not draft.open_at(lines.index("levels = 6") + 1)
    assert draft.open_at(lines.index("risk = { stop_loss = 10 }") + 1)
    assert draft.row is not None
    assert draft.row.path == ("bots", "eth-grid", "risk", "stop_loss")


def test_a_text_that_breaks_keeps_the_pages_of_the_last_one_that_was_well() -> None:
    draft = draft_of(TEXT)
    draft.change(f"[a\n{TEXT}")
    assert draft.trouble
    assert [page.name for page in draft.pages][:2] == ["eth-grid", "btc-perp"]
    draft.change(TEXT)
    assert not draft.trouble
    assert not draft.is_changed


def test_a_long_text_is_read_later_and_what_is_late_is_forgotten() -> None:
    draft = draft_of(TEXT)
    long = TEXT + "#" * READ_AT_ONCE
    draft.change(long.replace("levels = 5", "levels = 8"))
    assert value_at(draft.data, ("bots", "eth-grid", "levels")) == 5
    draft.know(TEXT, *understood(TEXT.replace("levels = 5", "levels = 6")))
    assert value_at(draft.data, ("bots", "eth-grid", "levels")) == 5
    draft.know(draft.text, *understood(draft.text))
    assert value_at(draft.data, ("bots", "eth-grid", "levels")) == 8
