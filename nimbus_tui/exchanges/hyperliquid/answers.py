"""From the reply to an action to our three answers: accepted, refused, unknown.

Source: the protocol reference, "Action replies and errors". `status: ok` may hold errors, a whole
batch may be refused with one error, and whatever can't be read leaves open what has happened.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import ExchangeOrderId
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    CancelResponse,
    OrderResponse,
    RefusalKind,
    Refused,
    Unknown,
)
from nimbus_tui.exchanges.hyperliquid.refusals import meaning
from nimbus_tui.exchanges.hyperliquid.wire_records import Record

_OK = 200
_UNREADABLE_BODY = 422
_EXCERPT = 120


class Resting(Record, frozen=True):
    """The order rests."""

    oid: int
    cloid: str | None = None


class Filled(Record, frozen=True):
    """The order has filled at once, perhaps not whole."""

    oid: int
    totalSz: Decimal  # noqa: N815
    avgPx: Decimal  # noqa: N815
    cloid: str | None = None


class Status(Record, frozen=True):
    """What came of one order or cancel: exactly one of these."""

    resting: Resting | None = None
    filled: Filled | None = None
    error: str | None = None


class _Statuses(msgspec.Struct, frozen=True):
    statuses: tuple[Status | str, ...]


class _Response(msgspec.Struct, frozen=True):
    type: str
    data: _Statuses | None = None


class _Reply(msgspec.Struct, frozen=True):
    status: str
    response: _Response | str


_REPLIES = msgspec.json.Decoder(_Reply)
_Verdict = Status | str | Refused | Unknown


def placement_answers(
    reply: bytes, count: int, http_status: int = _OK
) -> tuple[OrderResponse, ...]:
    """What came of each order of a placement, in the order of the request."""
    verdicts = _verdicts(reply, count, http_status)
    return tuple(_placed(verdict) for verdict in verdicts)


def cancel_answers(
    reply: bytes, requests: Sequence[CancelRequest], http_status: int = _OK
) -> tuple[CancelResponse, ...]:
    """What came of each cancel, in the order of the request."""
    verdicts = _verdicts(reply, len(requests), http_status)
    return tuple(
        _cancelled(verdict, request) for verdict, request in zip(verdicts, requests, strict=True)
    )


def plain_answer(reply: bytes, http_status: int = _OK) -> Refused | Unknown | None:
    """What came of an action without parts (leverage, scheduleCancel, noop); None if it is done."""
    decoded = _decoded(reply, http_status)
    if isinstance(decoded, Refused | Unknown):
        return decoded
    if decoded.status == "ok":
        return None
    return _refused(decoded, reply)


def _placed(verdict: _Verdict) -> OrderResponse:
    match verdict:
        case Status(resting=Resting(oid)) | Status(filled=Filled(oid)):
            return Accepted(ExchangeOrderId(str(oid)))
        case Status(error=str(text)):
            return meaning(text)
        case "waitingForFill" | "waitingForTrigger":
            return Unknown(f"the venue has it ({verdict}) but gives no number: look it up")
        case Refused() | Unknown():
            return verdict
        case _:
            return Unknown(f"an unknown answer to an order: {verdict}")


def _cancelled(verdict: _Verdict, request: CancelRequest) -> CancelResponse:
    match verdict:
        case "success":
            return Accepted(request.exchange_order_id or ExchangeOrderId(""))
        case Status(error=str(text)):
            return meaning(text)
        case Refused() | Unknown():
            return verdict
        case _:
            return Unknown(f"an unknown answer to a cancel: {verdict}")


def _verdicts(reply: bytes, count: int, http_status: int) -> Sequence[_Verdict]:
    decoded = _decoded(reply, http_status)
    if isinstance(decoded, Refused | Unknown):
        return [decoded] * count
    if decoded.status != "ok":
        return [_refused(decoded, reply)] * count
    response = decoded.response
    if isinstance(response, str) or response.data is None:
        return [_unreadable(reply)] * count
    statuses = response.data.statuses
    if len(statuses) == count:
        return statuses
    # An error that depends on the payload alone comes once for the whole batch.
    match statuses:
        case (Status(error=str()) as only,):
            return [only] * count
        case _:
            return [Unknown(f"{len(statuses)} answers to {count} requests")] * count


def _decoded(reply: bytes, http_status: int) -> _Reply | Refused | Unknown:
    if http_status == _UNREADABLE_BODY and b"deserialize" in reply:
        return Refused(RefusalKind.INVALID, _excerpt(reply))
    if http_status != _OK:
        return Unknown(f"HTTP {http_status}: {_excerpt(reply)}")
    try:
        return _REPLIES.decode(reply)
    except (ValueError, RecursionError):
        return _unreadable(reply)


def _refused(reply: _Reply, raw: bytes) -> Refused | Unknown:
    if reply.status == "err" and isinstance(reply.response, str):
        return meaning(reply.response)
    return _unreadable(raw)


def _unreadable(reply: bytes) -> Unknown:
    return Unknown(f"an unreadable answer: {_excerpt(reply)}")


def _excerpt(reply: bytes) -> str:
    return reply[:_EXCERPT].decode("utf-8", "replace")
