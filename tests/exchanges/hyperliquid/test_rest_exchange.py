"""An action is sent once; a 429 slows everybody down; the venue's clock is measured."""

import asyncio
from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.core.errors import ExchangeError, NoAnswer
from nimbus_tui.exchanges.hyperliquid.secp256k1 import signer
from nimbus_tui.exchanges.hyperliquid.signing import Network, sign_action
from nimbus_tui.exchanges.hyperliquid.wire_actions import NoopAction, Signed
from tests.exchanges.hyperliquid.rest_venue import Connected, connected
from tests.exchanges.hyperliquid.samples import ADDRESS, REPLIES

OK = b'{"status":"ok","response":{"type":"default"}}'


def signed() -> Signed:
    key = signer("0x" + "01" * 32)
    return sign_action(NoopAction(), key, Network.TESTNET, nonce=1_790_000_000_000)


async def test_an_action_arrives_as_it_was_signed() -> None:
    async with connected() as line:
        line.venue.says((200, OK))
        action = signed()
        reply = await line.rest.exchange(action)
        assert (reply.status, reply.body) == (200, OK)
        [(path, body)] = line.venue.asked
        assert path == "/exchange"
        assert body == msgspec.json.decode(msgspec.json.encode(action))


@pytest.mark.parametrize("failure", ["breaks", "hangs"])
async def test_an_action_is_never_sent_twice(failure: str) -> None:
    async with connected(timeout_s=0.3) as line:
        line.venue.says(failure)
        with pytest.raises(NoAnswer) as caught:
            await line.rest.exchange(signed())
        assert caught.value.may_have_arrived
        assert len(line.venue.asked) == 1


@pytest.mark.parametrize("reply", [(502, b"<html>"), (429, b"null"), (422, b"Failed"), (200, b"x")])
async def test_any_answer_is_handed_on_once(reply: tuple[int, bytes]) -> None:
    async with connected() as line:
        line.venue.says(reply)
        answered = await line.rest.exchange(signed())
        assert (answered.status, answered.body) == reply
        assert len(line.venue.asked) == 1


def nobody_may_send(line: Connected) -> bool:
    return not line.budget.try_take(1, urgent=True)


async def test_a_429_stops_all_who_share_the_budget() -> None:
    async with connected() as line:
        line.venue.says((429, b"null"))
        with pytest.raises(ExchangeError, match="429"):
            await line.rest.meta()
        assert nobody_may_send(line)
        assert line.budget.used == 1.0


async def test_a_429_for_an_action_stops_all_who_share_the_budget() -> None:
    async with connected() as line:
        line.venue.says((429, b"null"))
        await line.rest.exchange(signed())
        assert nobody_may_send(line)


async def test_requests_that_were_refused_together_are_one_offence_and_a_success_forgives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with connected() as line:
        pauses: list[float] = []
        monkeypatch.setattr(line.budget, "penalise", pauses.append)
        line.venue.says((429, b"null"))
        await asyncio.gather(*(line.rest.exchange(b"{}") for _ in range(5)))
        assert len(pauses) == 1
        for _ in range(8):
            await line.rest.exchange(b"{}")
        assert len(pauses) == 9
        assert 1 <= pauses[0] <= 2
        assert all(1 <= pause <= 60 for pause in pauses)
        assert max(pauses) > 4
        line.venue.says((200, OK), (429, b"null"))
        await line.rest.exchange(b"{}")
        await line.rest.exchange(b"{}")
        assert 1 <= pauses[-1] <= 2


async def test_the_venues_clock_is_measured() -> None:
    async with connected() as line:
        line.venue.says((200, REPLIES["exchangeStatus"][1]))
        status = await line.rest.exchange_status()
        offset, round_trip = line.rest.offset.offset_ms, line.rest.offset.round_trip_ms
    assert status.time == 1790358617881
    assert offset is not None
    assert round_trip is not None
    assert round_trip >= 0


async def test_look_ups_of_orders_go_before_other_reads() -> None:
    async with connected() as line:
        line.venue.says((200, REPLIES["orderStatus: unknown"][1]))
        line.budget.charge(960)  # all but the reserve
        status = await line.rest.order_status(ADDRESS, 7)
        assert status.status == "unknownOid"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await line.rest.order_status(ADDRESS, 7, urgent=False)
        assert len(line.venue.asked) == 1


async def test_numbers_of_reads_are_decimals() -> None:
    async with connected() as line:
        line.venue.says((200, REPLIES["userFees"][1]))
        assert (await line.rest.user_fees(ADDRESS)).userAddRate == Decimal("0.000105")
