"""Every read asks what the reference says, weighs what it says, and comes back typed."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.errors import ExchangeError, NoAnswer
from nimbus_tui.exchanges.hyperliquid.rest import Rest
from nimbus_tui.exchanges.hyperliquid.wire_info import INFO_REPLIES, decode_reply
from tests.exchanges.hyperliquid.rest_venue import connected
from tests.exchanges.hyperliquid.samples import ADDRESS as USER
from tests.exchanges.hyperliquid.samples import REPLIES

CLOID = "0x1234567890abcdef1234567890abcdef"
OF_USER = {"user": USER}
READS: list[tuple[str, Callable[[Rest], Awaitable[Any]], dict[str, Any], int]] = [
    ("meta", lambda rest: rest.meta(), {}, 20),
    ("spotMeta", lambda rest: rest.spot_meta(), {}, 20),
    ("spotMetaAndAssetCtxs", lambda rest: rest.spot_meta_and_asset_ctxs(), {}, 20),
    ("l2Book", lambda rest: rest.l2_book("BTC"), {"coin": "BTC"}, 2),
    ("clearinghouseState", lambda rest: rest.clearinghouse_state(USER), OF_USER, 2),
    ("spotClearinghouseState", lambda rest: rest.spot_state(USER), OF_USER, 2),
    ("frontendOpenOrders", lambda rest: rest.open_orders(USER), OF_USER, 20),
    ("orderStatus", lambda rest: rest.order_status(USER, 7), {**OF_USER, "oid": 7}, 2),
    ("orderStatus", lambda rest: rest.order_status(USER, CLOID), {**OF_USER, "oid": CLOID}, 2),
    ("userFunding", lambda rest: rest.user_funding(USER, 5), {**OF_USER, "startTime": 5}, 21),
    ("userRateLimit", lambda rest: rest.user_rate_limit(USER), OF_USER, 20),
    ("userFees", lambda rest: rest.user_fees(USER), OF_USER, 20),
    ("userRole", lambda rest: rest.user_role(USER), OF_USER, 60),
    ("extraAgents", lambda rest: rest.extra_agents(USER), OF_USER, 20),
    ("userAbstraction", lambda rest: rest.user_abstraction(USER), OF_USER, 20),
    (
        "activeAssetData",
        lambda rest: rest.active_asset_data(USER, "ETH"),
        {**OF_USER, "coin": "ETH"},
        20,
    ),
    ("exchangeStatus", lambda rest: rest.exchange_status(), {}, 2),
]


@pytest.mark.parametrize(("request_type", "read", "fields", "weight"), READS)
async def test_a_read_asks_for_its_type_and_spends_its_weight(
    request_type: str,
    read: Callable[[Rest], Awaitable[Any]],
    fields: dict[str, Any],
    weight: int,
) -> None:
    _, body = REPLIES[request_type]
    async with connected() as line:
        line.venue.says((200, body))
        reply = await read(line.rest)
        assert line.venue.asked == [("/info", {"type": request_type, **fields})]
        assert line.budget.spent == weight
    assert reply == decode_reply(body, INFO_REPLIES[request_type])


@pytest.mark.parametrize(
    ("end_ms", "period"), [(None, {"startTime": 5}), (9, {"startTime": 5, "endTime": 9})]
)
async def test_fills_are_read_by_time_with_an_end_or_without(
    end_ms: int | None, period: dict[str, int]
) -> None:
    async with connected() as line:
        line.venue.says((200, b"[]"))
        assert await line.rest.user_fills_by_time(USER, 5, end_ms) == ()
        asked = {"type": "userFillsByTime", **OF_USER, **period}
        assert line.venue.asked == [("/info", asked)]


@pytest.mark.parametrize(("rows", "weight"), [(0, 20), (1, 21), (20, 21), (21, 22), (2000, 120)])
async def test_long_answers_are_paid_for_afterwards(rows: int, weight: int) -> None:
    row = msgspec.json.decode(REPLIES["userFills"][1])[0]
    async with connected() as line:
        line.venue.says((200, msgspec.json.encode([row] * rows)))
        assert len(await line.rest.user_fills_by_time(USER, 0)) == rows
        assert line.budget.spent == weight


async def test_a_book_that_is_not_there_is_said() -> None:
    async with connected() as line:
        line.venue.says((200, b"null"))
        with pytest.raises(ExchangeError, match="no book of NOPE"):
            await line.rest.l2_book("NOPE")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((200, b"null"), "unreadable reply"),
        ((200, b"<html>"), "unreadable reply"),
        ((200, b'{"universe": 1}'), "unreadable reply"),
        ((422, b"Failed to deserialize"), "can't read our request meta: 'Failed to deserialize'"),
        ((404, b"<html>nothing</html>"), "answers meta with 404: '<html>nothing"),
        ((307, b""), "answers meta with 307"),
        ((429, b"null"), r"refuses meta: too many requests \(429\)"),
    ],
)
async def test_what_another_try_would_not_change_is_said_at_once(
    reply: tuple[int, bytes], said: str
) -> None:
    async with connected() as line:
        line.venue.says(reply)
        with pytest.raises(ExchangeError, match=said):
            await line.rest.meta()
        assert len(line.venue.asked) == 1


@pytest.mark.parametrize("failure", [(502, b"<html>Bad Gateway</html>"), "breaks"])
async def test_what_failed_on_the_way_is_tried_once_more_and_paid_for(
    failure: tuple[int, bytes] | str,
) -> None:
    async with connected() as line:
        line.venue.says(failure, (200, REPLIES["meta"][1]))
        assert (await line.rest.meta()).universe
        assert len(line.venue.asked) == 2
        assert line.budget.spent == 40


@pytest.mark.parametrize(
    ("failure", "said"), [((502, b"<html>"), "answers meta with 502: '<html>'"), ("breaks", "gave")]
)
async def test_after_two_tries_the_failure_is_the_callers(
    failure: tuple[int, bytes] | str, said: str
) -> None:
    async with connected() as line:
        line.venue.says(failure)
        with pytest.raises(NoAnswer, match=said):
            await line.rest.meta()
        assert len(line.venue.asked) == 2


async def test_there_is_no_second_try_when_the_time_is_up() -> None:
    async with connected(timeout_s=0.2) as line:
        line.venue.says("hangs")
        with pytest.raises(NoAnswer, match="no answer within"):
            await line.rest.meta()
        assert len(line.venue.asked) == 1
