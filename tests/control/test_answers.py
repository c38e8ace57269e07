"""Every ask that a client can send has its answer."""

from typing import get_args

from nimbus_tui.control.answers import ANSWERS
from nimbus_tui.control.asks import Ask


def test_every_ask_has_an_answer() -> None:
    assert set(get_args(Ask)) == set(ANSWERS)
