"""The door before the telling: free texts of events go through it, ids and numbers don't."""

import pytest

from nimbus_tui.core import redaction
from nimbus_tui.core.events import AnyEvent, Connected, Disconnected, Error, Event
from nimbus_tui.core.redaction import redact_with, redacted, redacted_event


@pytest.fixture(autouse=True)
def no_apples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_redact", None)
    redact_with(lambda text: text.replace("apple", "▮"))


def test_what_is_told_goes_through_the_redactor() -> None:
    assert redacted("an apple a day") == "an ▮ a day"


def test_all_free_texts_of_an_event_are_redacted() -> None:
    told = redacted_event(Error(seq=3, message="apple", detail="two apples"))
    assert told == Error(seq=3, message="▮", detail="two ▮s")


@pytest.mark.parametrize(
    "event",
    [Connected(exchange="apple"), Disconnected(exchange="apple", reason="pear"), Error(message="")],
)
def test_an_event_without_anything_to_hide_is_the_same_event(event: Event) -> None:
    assert redacted_event(event) is event


def test_every_field_that_may_hold_words_is_known() -> None:
    """A new event whose text has another name must be thought of."""
    ids = {"exchange", "scope", "step", "rule", "window", "next_at"}
    found = set()
    for kind in AnyEvent.__args__:  # type: ignore[attr-defined]
        for field in kind.__struct_fields__:
            if kind.__annotations__.get(field) is str:
                found.add(field)
    assert found - ids == {"message", "detail", "reason", "action", "source"}
