"""Refused is only what certainly did not happen; whatever leaves a doubt is unknown."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.ids import ClientOrderId, ExchangeOrderId, Symbol
from nimbus_tui.core.order import Accepted, CancelRequest, RefusalKind, Refused, Unknown
from nimbus_tui.exchanges.hyperliquid.answers import (
    cancel_answers,
    placement_answers,
    plain_answer,
)
from nimbus_tui.exchanges.hyperliquid.refusals import is_known, meaning

K = RefusalKind


def ok(kind: str, *statuses: Any) -> bytes:
    return json.dumps(
        {"status": "ok", "response": {"type": kind, "data": {"statuses": statuses}}}
    ).encode()


def err(text: str) -> bytes:
    return json.dumps({"status": "err", "response": text}).encode()


def cancel(oid: str | None) -> CancelRequest:
    return CancelRequest(
        client_order_id=ClientOrderId("nb" + "0" * 30),
        symbol=Symbol("ETH/USDC:USDC"),
        exchange_order_id=None if oid is None else ExchangeOrderId(oid),
    )


RESTING = {"resting": {"oid": 62014449551, "cloid": "0x1234567890abcdef1234567890abcdef"}}
FILLED = {"filled": {"totalSz": "0.02", "avgPx": "2686.6", "oid": 62014444172}}
ERROR = {"error": "Order must have minimum value of $10. asset=4"}


def test_each_order_has_its_answer_in_the_order_of_the_request() -> None:
    answers = placement_answers(ok("order", RESTING, FILLED, ERROR, "waitingForTrigger"), 4)
    assert answers[:3] == (
        Accepted(ExchangeOrderId("62014449551")),
        Accepted(ExchangeOrderId("62014444172")),
        Refused(K.INVALID, ERROR["error"]),
    )
    assert isinstance(answers[3], Unknown)
    assert "look it up" in answers[3].cause


def test_each_cancel_has_its_answer() -> None:
    gone = {"error": "Order was never placed, already canceled, or filled. asset=4"}
    answers = cancel_answers(
        ok("cancel", "success", gone, "success"), [cancel("7"), cancel("8"), cancel(None)]
    )
    assert answers == (
        Accepted(ExchangeOrderId("7")),
        Refused(K.NOT_FOUND, gone["error"]),
        Accepted(ExchangeOrderId("")),
    )


def test_one_error_for_a_batch_is_everybodys() -> None:
    refused = Refused(K.INVALID, "Price must be divisible by tick size.")
    reply = ok("order", {"error": refused.reason})
    assert placement_answers(reply, 3) == (refused,) * 3


def test_an_action_refused_as_a_whole_is_refused_for_each() -> None:
    refused = Refused(K.INSUFFICIENT_BALANCE, "Insufficient margin to place order.")
    assert placement_answers(err(refused.reason), 2) == (refused,) * 2
    assert cancel_answers(err(refused.reason), [cancel("1")]) == (refused,)


@pytest.mark.parametrize(
    ("reply", "http_status"),
    [
        (b"", 200),
        (b"null", 200),
        (b"<html>bad gateway</html>", 502),
        (b"null", 429),
        (b"Failed", 422),
        (b"{}", 200),
        (b"\xff", 200),
        (b"[" * 100_000, 200),
        (err("Invalid nonce: duplicate nonce 1790000000123"), 200),
        (err("Invalid nonce: nonce too low 1776584283874 < 1776584799101"), 200),
        (b'{"status":"err","response":{"type":"default"}}', 200),
        (b'{"status":"maybe","response":"text"}', 200),
        (b'{"status":"ok","response":"text"}', 200),
        (b'{"status":"ok","response":{"type":"default"}}', 200),
        (ok("order"), 200),
        (ok("order", RESTING), 200),
        (ok("order", RESTING, RESTING, RESTING), 200),
        (ok("order", "success", "success"), 200),
        (ok("order", {"evaporated": 1}, {}), 200),
        (ok("order", RESTING, ERROR), 500),
    ],
)
def test_what_cannot_be_read_leaves_open_what_happened(reply: bytes, http_status: int) -> None:
    answers = placement_answers(reply, 2, http_status)
    assert len(answers) == 2
    assert all(isinstance(answer, Unknown) and answer.cause for answer in answers)


def test_an_unknown_answer_to_a_cancel_is_unknown() -> None:
    (answer,) = cancel_answers(ok("cancel", "maybe"), [cancel("1")])
    assert isinstance(answer, Unknown)


def test_a_body_that_the_venue_cannot_read_was_not_executed() -> None:
    text = b"Failed to deserialize the JSON body into the target type"
    assert placement_answers(text, 1, 422) == (Refused(K.INVALID, text.decode()),)


def test_an_action_without_parts_is_done_or_refused() -> None:
    assert plain_answer(b'{"status":"ok","response":{"type":"default"}}') is None
    volume = "Cannot set scheduled cancel time until enough volume traded. Required: $1000000."
    assert plain_answer(err(volume)) == Refused(K.INVALID, volume)
    assert isinstance(plain_answer(b"null", 429), Unknown)
    assert isinstance(plain_answer(b'{"status":"huh","response":"x"}'), Unknown)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Price must be divisible by tick size. asset=4", K.INVALID),
        ("Order has invalid price.", K.INVALID),
        ("Order has invalid size.", K.INVALID),
        ("Order has zero size.", K.INVALID),
        ("Order must have minimum value of $10. asset=4", K.INVALID),
        ("Order must have minimum value of 10 USDC. asset=10107", K.INVALID),
        ("Insufficient margin to place order. asset=4", K.INSUFFICIENT_BALANCE),
        ("Reduce only order would increase position. asset=4", K.REDUCE_ONLY),
        (
            "Post only order would have immediately matched, bbo was 2399.9@2400.1. asset=4",
            K.POST_ONLY_WOULD_CROSS,
        ),
        ("Order could not immediately match against any resting orders. asset=4", K.BUSY),
        ("Invalid TP/SL price. asset=4", K.INVALID),
        ("No liquidity available for market order. asset=4", K.BUSY),
        ("Order would increase open interest while open interest is capped", K.BUSY),
        (
            "Order rejected due to price more aggressive than oracle while at open interest cap",
            K.BUSY,
        ),
        ("Order would increase open interest too quickly", K.BUSY),
        ("Insufficient spot balance asset=10107", K.INSUFFICIENT_BALANCE),
        ("Order price too far from oracle", K.INVALID),
        ("Price too far from oracle", K.INVALID),
        ("Order price cannot be more than 95% away from the reference price", K.INVALID),
        ("Order would cause position to exceed margin tier limit at current leverage", K.INVALID),
        ("Order value too large. Max is $5000000.", K.INVALID),
        ("Only post-only orders allowed immediately after a network upgrade", K.BUSY),
        ("Order was never placed, already canceled, or filled. asset=4", K.NOT_FOUND),
        ("Cannot modify canceled or filled order", K.NOT_FOUND),
        (
            "User or API Wallet 0x5edc985e39493f019bf20f5a800c900b03cdaa3a does not exist.",
            K.INVALID,
        ),
        ("L1 error: User or API Wallet 0x5edc does not exist.", K.INVALID),
        ("Must deposit before performing actions. User: 0x5edc", K.INVALID),
        ("Unable to recover signer.", K.INVALID),
        ("Action already expired", K.BUSY),
        ("Too many cumulative requests sent (97460 > 97456) for cumulative volume traded", K.BUSY),
        ("Signed action over weight limit of 200.", K.INVALID),
        ("Vault not registered: 0x1719", K.INVALID),
        ("Insufficient balance for withdrawal", K.INSUFFICIENT_BALANCE),
        ("Invalid leverage value", K.INVALID),
        ("Unexpected number of trigger orders", K.INVALID),
        ("Builder fee has not been approved", K.INVALID),
    ],
)
def test_every_text_of_the_venue_has_its_kind(text: str, kind: RefusalKind) -> None:
    assert meaning(text) == Refused(kind, text)
    assert meaning(text.upper()) == Refused(kind, text.upper())
    assert is_known(text)


def test_a_new_text_is_a_refusal_worth_a_warning() -> None:
    assert meaning("The moon is full.") == Refused(K.INVALID, "The moon is full.")
    assert not is_known("The moon is full.")


pieces = st.sampled_from(
    [ok("order", RESTING), ok("order", FILLED, ERROR), err("Insufficient margin"), b"null"]
)


@settings(max_examples=300, deadline=None)
@given(pieces, st.data(), st.integers(1, 3), st.sampled_from([200, 422, 429, 502]))
def test_no_damaged_reply_raises_and_every_request_has_an_answer(
    reply: bytes, data: st.DataObject, count: int, http_status: int
) -> None:
    damaged = bytearray(reply[: data.draw(st.integers(0, len(reply)))])
    if damaged:
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    answers = placement_answers(bytes(damaged), count, http_status)
    assert len(answers) == count
    assert all(isinstance(answer, Accepted | Refused | Unknown) for answer in answers)
