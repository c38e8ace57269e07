"""Leverage is set and read back; the dead man's switch counts from its leaving."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.errors import ExchangeError, UnsupportedByExchange
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import MarginMode
from nimbus_tui.core.order import RefusalKind, Refused, Unknown
from nimbus_tui.exchanges.hyperliquid.access import Access
from nimbus_tui.exchanges.hyperliquid.instruments import Listing
from nimbus_tui.exchanges.hyperliquid.margin import Margin
from nimbus_tui.exchanges.hyperliquid.nonces import Nonces
from nimbus_tui.exchanges.hyperliquid.posting import Posting
from nimbus_tui.exchanges.hyperliquid.secp256k1 import signer
from nimbus_tui.exchanges.hyperliquid.signing import Network
from tests.exchanges.hyperliquid.connections import BTC, Line, line
from tests.exchanges.hyperliquid.samples import ADDRESS

OK = (200, b'{"status":"ok","response":{"type":"default"}}')
ISOLATED, CROSS = MarginMode.ISOLATED, MarginMode.CROSS
Reply = tuple[int, bytes] | str


def err(text: str) -> tuple[int, bytes]:
    return 200, msgspec.json.encode({"status": "err", "response": text})


def holds(leverage: int, kind: str = "cross") -> tuple[int, bytes]:
    told = {"user": ADDRESS, "coin": "BTC", "leverage": {"type": kind, "value": leverage}}
    return 200, msgspec.json.encode(told)


class Desk:
    def __init__(self, way: Line) -> None:
        self.way = way
        connection = way.connection

        async def unsent(_: str) -> None:
            raise AssertionError

        posting = Posting(connection.rest, connection.session, unsent, Network.TESTNET)
        posting.open(signer("0x" + "01" * 32), Nonces(connection.clock.now), Access())
        self.margin = Margin(connection, posting)

    def listing(self, symbol: Symbol = BTC, **changes: Any) -> Listing:
        listing = self.way.connection.known.listing(symbol)
        assert listing is not None
        return msgspec.structs.replace(listing, **changes)

    @property
    def actions(self) -> list[dict[str, Any]]:
        return [body["action"] for path, body in self.way.venue.asked if path == "/exchange"]


@asynccontextmanager
async def desk(*replies: Reply) -> AsyncIterator[Desk]:
    async with line() as way:
        await way.learn()
        way.venue.says(*(replies or (OK,)))
        yield Desk(way)


async def test_a_leverage_that_holds_already_is_not_set_again() -> None:
    async with desk(holds(5)) as one:
        await one.margin.set_leverage(one.listing(), 5, CROSS)
        assert one.actions == []


@pytest.mark.parametrize("answer", [OK, (502, b"<html>"), "breaks"])
async def test_it_is_set_and_read_back_also_when_the_answer_is_lost(answer: Reply) -> None:
    async with desk(holds(3), answer, holds(5, "isolated")) as one:
        await one.margin.set_leverage(one.listing(), 5, ISOLATED)
        assert one.actions == [
            {"type": "updateLeverage", "asset": 0, "isCross": False, "leverage": 5}
        ]


@pytest.mark.parametrize(
    ("replies", "changes", "leverage", "text"),
    [
        ((holds(3),), {}, 41, "takes a leverage from 1 to 40, not 41"),
        ((holds(3),), {}, 0, "takes a leverage from 1 to 40, not 0"),
        ((holds(3),), {"only_isolated": True}, 5, 'set margin = "isolated"'),
        (
            (holds(3), err("Cannot switch leverage type with open position.")),
            {},
            5,
            "can't be set: Cannot switch leverage type",
        ),
        ((holds(3), OK, holds(4)), {}, 5, "is 4× cross, though 5× cross was set"),
        ((holds(3), "breaks", holds(3)), {}, 5, "is 3× cross, though 5× cross was set"),
    ],
)
async def test_what_does_not_hold_is_said(
    replies: tuple[Reply, ...], changes: dict[str, Any], leverage: int, text: str
) -> None:
    async with desk(*replies) as one:
        with pytest.raises(ExchangeError) as told:
            await one.margin.set_leverage(one.listing(**changes), leverage, CROSS)
        assert text in str(told.value)
        assert len(one.actions) <= 1


async def test_spot_has_no_leverage() -> None:
    async with desk() as one:
        with pytest.raises(UnsupportedByExchange):
            await one.margin.set_leverage(one.listing(Symbol("HYPE/USDC")), 1, CROSS)


async def test_the_switch_is_set_cleared_and_counted() -> None:
    async with desk(OK) as one:
        connection = one.way.connection
        before = connection.venue_now_ms()
        assert await one.margin.cancel_all_after(60) is None
        assert await one.margin.cancel_all_after(None) is None
        after = connection.venue_now_ms()
        first, second = one.actions
        assert before + 60_000 <= first.pop("time") <= after + 60_000
        assert first == second == {"type": "scheduleCancel"}
        assert connection.address.sent == 2


async def test_the_switch_counts_from_its_leaving_not_from_its_asking() -> None:
    async with desk(OK) as one:
        connection = one.way.connection
        connection.budget.penalise(0.2)
        asked = connection.venue_now_ms()
        setting = asyncio.ensure_future(one.margin.cancel_all_after(60))
        await setting
        [action] = one.actions
        assert action["time"] >= asked + 60_000 + 199


async def test_a_switch_that_would_fire_too_soon_is_not_sent() -> None:
    async with desk(OK) as one:
        answer = await one.margin.cancel_all_after(4.9)
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.INVALID
        assert one.actions == []


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (err("Cannot set scheduled cancel time until enough volume traded."), Refused),
        ((502, b"<html>"), Unknown),
        ("breaks", Unknown),
    ],
)
async def test_what_became_of_the_switch_is_told(reply: Reply, expected: type[object]) -> None:
    async with desk(reply) as one:
        assert isinstance(await one.margin.cancel_all_after(60), expected)


async def test_what_cant_be_signed_is_refused_and_not_counted() -> None:
    async with desk(OK) as one:
        connection = one.way.connection

        async def unsent(_: str) -> None:
            raise AssertionError

        keyless = Posting(connection.rest, connection.session, unsent, Network.TESTNET)
        answer = await Margin(connection, keyless).cancel_all_after(60)
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.BUSY
        assert connection.address.sent == 0
