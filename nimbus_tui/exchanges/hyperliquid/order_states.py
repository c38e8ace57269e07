"""What the status words of orders mean, all that the venue is known to use.

Source: the protocol reference, "Info requests: orderStatus" and the error table of "Action replies
and errors". A word that isn't known says nothing: the order is looked up again.
"""

from nimbus_tui.core.order import OrderState

_LIVE = ("open", "triggered")
"""`triggered`: the order has woken and is a plain order now."""

_CANCELLED = (
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

_REJECTED = (
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
    | dict.fromkeys(_CANCELLED, OrderState.CANCELLED)
    | dict.fromkeys(_REJECTED, OrderState.REJECTED)
)
"""Word → state."""

MEANINGS = {
    "marginCanceled": "there was no margin left when it should have filled",
    "selfTradeCanceled": "it would have traded with another order of this account",
    "reduceOnlyCanceled": "there is nothing left to reduce",
    "siblingFilledCanceled": "the other order of its pair has filled",
    "liquidatedCanceled": "the account was liquidated",
    "delistedCanceled": "the coin was delisted",
    "openInterestCapCanceled": "the open interest of the coin is capped",
    "scheduledCancel": "the dead man's switch has fired",
    "perpMarginRejected": "there is not enough margin",
    "insufficientSpotBalanceRejected": "the balance does not do",
    "reduceOnlyRejected": "it would have increased the position",
    "badAloPxRejected": "it would have taken; post-only orders rest",
    "iocCancelRejected": "there was nothing to take at its price",
    "marketOrderNoLiquidityRejected": "there was nothing to take",
    "badTriggerPxRejected": "its trigger lies on the wrong side of the price",
    "oracleRejected": "its price is too far from the oracle's",
    "minTradeNtlRejected": "it is under the least order",
    "minTradeSpotNtlRejected": "it is under the least order",
    "tooManyOpenOrdersRejected": "there are too many open orders",
}
"""What a word means, where that isn't plain."""


def words(word: str) -> str:
    """A status word with what it means, where that isn't plain."""
    return f"{MEANINGS[word]} ({word})" if word in MEANINGS else word


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
