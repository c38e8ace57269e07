"""Who listens hears everything once, in order, whatever the others do."""

import pytest

from nimbus_tui.exchanges.listeners import Listeners


def test_all_hear_in_the_order_they_came() -> None:
    heard: list[tuple[str, int]] = []
    listeners: Listeners[[int]] = Listeners()
    listeners.add(lambda number: heard.append(("a", number)))
    listeners.add(lambda number: heard.append(("b", number)))
    listeners.tell(1)
    listeners.tell(2)
    assert heard == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_it_knows_whether_anybody_listens() -> None:
    listeners: Listeners[[int]] = Listeners()
    assert not listeners
    leave = listeners.add(lambda _: None)
    assert listeners
    leave()
    assert not listeners


def test_a_callback_that_is_there_twice_leaves_one_at_a_time() -> None:
    heard: list[int] = []
    listeners: Listeners[[int]] = Listeners()
    leave = listeners.add(heard.append)
    listeners.add(heard.append)
    listeners.tell(1)
    leave()
    leave()
    listeners.tell(2)
    assert heard == [1, 1, 2]


def test_who_leaves_while_all_are_told_is_not_told_again() -> None:
    heard: list[str] = []
    listeners: Listeners[[]] = Listeners()

    def goes() -> None:
        heard.append("goes")
        leave()

    leave = listeners.add(goes)
    listeners.add(lambda: heard.append("stays"))
    listeners.tell()
    listeners.tell()
    assert heard == ["goes", "stays", "stays"]


def test_who_joins_while_all_are_told_hears_the_next_news() -> None:
    heard: list[str] = []
    listeners: Listeners[[str]] = Listeners()
    joined: list[str] = []

    def joins(news: str) -> None:
        if not joined:
            joined.append(news)
            listeners.add(heard.append)

    listeners.add(joins)
    listeners.tell("first")
    assert heard == []
    listeners.tell("second")
    assert heard == ["second"]


def test_one_that_fails_keeps_the_news_from_nobody_and_is_not_hidden() -> None:
    heard: list[int] = []
    listeners: Listeners[[int]] = Listeners()

    def fails(_: int) -> None:
        raise ValueError("mine")

    listeners.add(fails)
    listeners.add(heard.append)
    listeners.add(fails)
    listeners.add(heard.append)
    with pytest.raises(ValueError, match="mine"):
        listeners.tell(7)
    assert heard == [7, 7]
