"""What the status words of orders mean, all that the venue is known to use.

Source: the protocol reference, "Info requests: orderStatus" and the error table of "Action replies
and errors". A word that isn't known says nothing: the order is looked up again.
"""

from nimbus_tui.core.order import OrderState

_LIVE = ("open", "triggered")
"""`triggered`: the order has woken and is a plain order now."""

CANCELLED_WORDS = (
    "canceled",
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
)
"""Dead; what it has filled stays filled."""

REJECTED_WORDS = (
    "rejected",
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
)
"""Never live."""

KNOWN: dict[str, OrderState] = (
    dict.fromkeys(_LIVE, OrderState.OPEN)
    | {"filled": OrderState.FILLED}
    | dict.fromkeys(CANCELLED_WORDS, OrderState.CANCELLED)
    | dict.fromkeys(REJECTED_WORDS, OrderState.REJECTED)
)
"""Word → state."""


def order_state(word: str) -> OrderState:
    """The state that a status word stands for; UNKNOWN for a word that tells nothing.

    New words are understood by how they end, as the reference advises.
    """
    if word in KNOWN:
        return KNOWN[word]
    lowered = word.lower()
    if lowered.endswith("rejected"):
        return OrderState.REJECTED
    if lowered.endswith(("canceled", "cancelled", "cancel")):
        return OrderState.CANCELLED
    return OrderState.UNKNOWN
