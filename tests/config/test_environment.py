"""Variables in texts."""

import pytest

from nimbus_tui.config.environment import expanded

ENVIRONMENT = {"COIN": "ETH", "EMPTY": "", "NESTED": "${COIN}"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("no variable, $COIN, {COIN}, $", "no variable, $COIN, {COIN}, $"),
        ("${COIN}/${COIN}", "ETH/ETH"),
        ("<${EMPTY}>", "<>"),
        ("${NESTED}", "${COIN}"),
        ("open ${COIN", "open ${COIN"),
    ],
)
def test_a_variable_is_replaced_once_by_what_the_environment_says(text: str, result: str) -> None:
    assert expanded(text, ENVIRONMENT) == (result, [])


@pytest.mark.parametrize("text", ["${NOPE}", "${}", "${A-B}", "${1A}", "${ COIN }"])
def test_what_is_not_there_or_no_name_is_told(text: str) -> None:
    _, problems = expanded(text, ENVIRONMENT)
    assert len(problems) == 1
    assert text.strip("${} ") in problems[0]
