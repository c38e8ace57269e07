"""Spent weight is free after a whole window, in a time that never goes back."""

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.exchanges.net.spending import WINDOW_NS, Spending

START = 1_790_000_000 * NS_PER_SECOND
SECOND = NS_PER_SECOND


def at(clock_ns: int, *spent: tuple[int, int]) -> Spending:
    spending = Spending()
    for when, weight in spent:
        spending.look(when)
        spending.spend(weight)
    spending.look(clock_ns)
    return spending


def test_a_weight_is_free_again_after_the_window_and_not_before() -> None:
    assert at(START + WINDOW_NS - 1, (START, 7)).total == 7
    assert at(START + WINDOW_NS, (START, 7)).total == 0


def test_weights_of_one_second_count_until_the_last_of_them_is_free() -> None:
    half = START + SECOND // 2
    spending = at(START + WINDOW_NS, (START, 7), (half, 5), (START + SECOND, 1))
    assert list(spending.entries) == [(half, 12), (START + SECOND, 1)]
    spending.look(half + WINDOW_NS)
    assert spending.total == 1


def test_a_minute_never_has_more_entries_than_seconds() -> None:
    tenths = [(START + n * SECOND // 10, 1) for n in range(2000)]
    assert len(at(tenths[-1][0], *tenths).entries) <= 62


def test_room_comes_when_enough_of_the_oldest_is_free() -> None:
    later = START + 10 * SECOND
    spending = at(later, (START, 30), (later, 50))
    assert spending.free_at(20, 100, urgent=False) == later
    assert spending.free_at(21, 100, urgent=False) == START + WINDOW_NS
    assert spending.free_at(60, 100, urgent=False) == later + WINDOW_NS


def test_urgent_requests_may_be_made_before_others_after_a_ban() -> None:
    spending = at(START)
    spending.forbid(5 * SECOND, 10 * SECOND)
    spending.forbid(1 * SECOND, 2 * SECOND)
    assert spending.free_at(1, 100, urgent=True) == START + 5 * SECOND
    assert spending.free_at(1, 100, urgent=False) == START + 10 * SECOND
    spending.look(START + 6 * SECOND)
    assert spending.forbidden_ns() == (0, 4 * SECOND)


def test_time_stands_while_the_clock_is_set_back_and_then_goes_on_with_it() -> None:
    spending = at(START, (START, 7))
    back = START - 3600 * SECOND
    spending.look(back)
    assert (spending.now, spending.is_changed) == (START, True)
    spending.look(back + SECOND)
    assert (spending.now, spending.is_changed) == (START + SECOND, False)
    spending.look(back + WINDOW_NS)
    assert spending.total == 0


def test_what_was_spent_since_the_last_look_is_told_apart() -> None:
    spending = at(START, (START, 7))
    assert (spending.newly_spent, spending.is_changed) == (0, False)
    spending.spend(0)
    assert (spending.newly_spent, spending.is_changed) == (0, False)
    spending.spend(3)
    spending.spend(4)
    assert (spending.newly_spent, spending.total, spending.is_changed) == (7, 14, True)
