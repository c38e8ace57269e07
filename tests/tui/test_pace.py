"""The screen paints as fast as the terminal shows it, and waits for no terminal that is mute."""

import pytest

from nimbus_tui.tui.pace import (
    LEAST_ROWS,
    LEAST_WAIT_S,
    LOST_AFTER_S,
    MOST_WAIT_S,
    ROWS_AT_ONCE,
    SHORT_S,
    Pace,
)


def asking(pace: Pace, at: float, answer_after: float, *, is_paint: bool = True) -> None:
    if is_paint:
        pace.painted()
    pace.sent(1000)
    assert pace.wants_to_ask(at)
    pace.asked(at)
    pace.answered(at + answer_after)


def known(answer_after: float) -> Pace:
    """A terminal that has answered once."""
    pace = Pace()
    asking(pace, 0, answer_after)
    return pace


def test_nothing_is_asked_while_nothing_is_painted() -> None:
    pace = known(0.01)
    assert not pace.wants_to_ask(100)
    pace.sent(1)
    assert pace.wants_to_ask(100)


def test_only_one_question_is_open() -> None:
    pace = known(0.01)
    pace.sent(10)
    pace.asked(1)
    pace.sent(10)
    assert not pace.wants_to_ask(1.1)
    pace.answered(1.2)
    assert pace.wants_to_ask(1.2)


def test_a_mute_terminal_is_never_waited_for() -> None:
    pace = Pace()
    pace.sent(10)
    pace.asked(0)
    pace.sent(10)
    for at in (1.0, 1000.0):
        assert pace.may_paint(at)
        assert not pace.wants_to_ask(at)
    assert not pace.is_answer_due


def test_paints_wait_for_an_answer_that_is_late() -> None:
    pace = known(0.01)
    pace.sent(10)
    pace.asked(5)
    assert pace.may_paint(5 + LEAST_WAIT_S)
    assert not pace.may_paint(5.001 + LEAST_WAIT_S)
    pace.answered(6)
    assert pace.may_paint(6 + MOST_WAIT_S)


def test_a_far_terminal_is_not_a_slow_one() -> None:
    pace = known(0.3)
    pace.sent(10)
    pace.asked(5)
    assert pace.may_paint(5.4)
    pace.answered(5.4)
    assert not pace.is_slow


def test_an_answer_that_took_long_halves_the_rows_and_each_quick_one_gives_one_back() -> None:
    pace = known(0.01)
    assert pace.rows == ROWS_AT_ONCE
    asking(pace, 5, 0.02 + SHORT_S)
    assert pace.is_slow
    assert pace.rows == ROWS_AT_ONCE // 2
    for turn in range(1, 10):
        asking(pace, 5 + turn, 0.02)
        assert pace.rows == ROWS_AT_ONCE // 2 + turn
    for turn in range(20):
        asking(pace, 20 + turn, 0.02)
    assert pace.rows == ROWS_AT_ONCE
    assert not pace.is_slow


def test_a_quick_answer_about_a_few_words_says_nothing_about_paints() -> None:
    pace = known(0.01)
    asking(pace, 5, 0.3)
    rows = pace.rows
    asking(pace, 7, 0.01, is_paint=False)
    assert pace.rows == rows
    asking(pace, 9, 0.01)
    assert pace.rows == rows + 1


def test_the_slowest_terminal_gets_some_rows_all_the_same() -> None:
    pace = known(0.01)
    for turn in range(20):
        asking(pace, 10 * turn, 5)
    assert pace.rows == LEAST_ROWS


def test_nothing_more_is_sent_to_a_slow_terminal_before_it_answers() -> None:
    pace = known(0.01)
    asking(pace, 5, 0.3)
    pace.sent(10)
    pace.asked(8)
    assert not pace.may_paint(8.02)
    pace.answered(8.03)
    assert pace.may_paint(8.06)


def test_a_slow_link_is_left_alone_twice_as_long_as_it_was_busy() -> None:
    pace = known(0.01)
    asking(pace, 5, 0.21)
    assert not pace.may_paint(5.21 + 0.38)
    assert pace.may_paint(5.21 + 0.4)
    asking(pace, 7, 30)
    assert pace.may_paint(37.001 + MOST_WAIT_S)


def test_no_terminal_is_so_far_that_paints_pile_up() -> None:
    pace = known(30)
    pace.sent(10)
    pace.asked(40)
    assert not pace.may_paint(40.001 + MOST_WAIT_S)


def test_a_lost_answer_is_asked_for_again() -> None:
    pace = known(0.01)
    pace.sent(10)
    pace.asked(5)
    pace.sent(10)
    assert not pace.wants_to_ask(4.9 + LOST_AFTER_S)
    assert pace.wants_to_ask(5.1 + LOST_AFTER_S)


def test_a_link_that_got_longer_is_believed_in_time() -> None:
    pace = known(0.05)
    for turn in range(200):
        asking(pace, 10.0 * turn + 10, 0.2)
    assert not pace.is_slow


def test_an_answer_to_no_question_means_nothing() -> None:
    pace = Pace()
    pace.answered(3)
    assert not pace.is_answer_due
    assert pace.rows == ROWS_AT_ONCE


@pytest.mark.parametrize("first", [0.0, 0.02, 2.0])
def test_the_first_answer_says_how_far_away_the_terminal_is(first: float) -> None:
    assert not known(first).is_slow
