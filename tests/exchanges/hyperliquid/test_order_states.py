"""Every status word of the venue means what the protocol reference says."""

import pytest

from nimbus_tui.core.order import OrderState
from nimbus_tui.exchanges.hyperliquid import order_states

OPEN, FILLED = OrderState.OPEN, OrderState.FILLED
CANCELLED, REJECTED = OrderState.CANCELLED, OrderState.REJECTED
UNKNOWN = OrderState.UNKNOWN

STATES_OF_THE_VENUE = [
    "open",
    "filled",
    "canceled",
    "triggered",
    "rejected",
    "marginCanceled",
    "vaultWithdrawalCanceled",
    "openInterestCapCanceled",
    "selfTradeCanceled",
    "reduceOnlyCanceled",
    "siblingFilledCanceled",
    "delistedCanceled",
    "liquidatedCanceled",
    "outcomeSettledCanceled",
    "scheduledCancel",
    "internalCancel",
    "tickRejected",
    "minTradeNtlRejected",
    "minTradeSpotNtlRejected",
    "perpMarginRejected",
    "reduceOnlyRejected",
    "badAloPxRejected",
    "iocCancelRejected",
    "badTriggerPxRejected",
    "marketOrderNoLiquidityRejected",
    "positionIncreaseAtOpenInterestCapRejected",
    "positionFlipAtOpenInterestCapRejected",
    "tooAggressiveAtOpenInterestCapRejected",
    "openInterestIncreaseRejected",
    "insufficientSpotBalanceRejected",
    "oracleRejected",
    "perpMaxPositionRejected",
    "tooManyOpenOrdersRejected",
]
"""Copied from the protocol reference."""


def test_every_word_of_the_venue_is_known_and_no_other() -> None:
    assert sorted(STATES_OF_THE_VENUE) == sorted(order_states.KNOWN)
    assert set(order_states.MEANINGS) <= set(STATES_OF_THE_VENUE)


@pytest.mark.parametrize("word", STATES_OF_THE_VENUE)
def test_a_word_means_what_the_reference_says(word: str) -> None:
    expected = {"open": OPEN, "triggered": OPEN, "filled": FILLED}.get(word)
    if expected is None:
        expected = REJECTED if word.lower().endswith("rejected") else CANCELLED
    assert expected is order_states.order_state(word)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("newCauseRejected", REJECTED),
        ("newCauseCanceled", CANCELLED),
        ("newCancel", CANCELLED),
        ("", UNKNOWN),
        ("opened", UNKNOWN),
    ],
)
def test_a_new_word_is_understood_by_its_end_or_asked_about(word: str, state: OrderState) -> None:
    assert state is order_states.order_state(word)
