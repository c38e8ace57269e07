"""An action leaves once: over the socket while it stands, else by REST, and its fate is certain."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.errors import ExchangeError, NoAnswer, NotConnected
from nimbus_tui.exchanges.hyperliquid import posting
from nimbus_tui.exchanges.hyperliquid.access import Access
from nimbus_tui.exchanges.hyperliquid.nonces import Nonces
from nimbus_tui.exchanges.hyperliquid.posting import Posting
from nimbus_tui.exchanges.hyperliquid.secp256k1 import signer
from nimbus_tui.exchanges.hyperliquid.signing import Network
from nimbus_tui.exchanges.hyperliquid.wire_actions import NoopAction
from nimbus_tui.exchanges.net.http import HttpReply
from tests.exchanges.hyperliquid.rest_venue import Connected, connected
from tests.exchanges.hyperliquid.samples import ADDRESS
from tests.exchanges.hyperliquid.streams import START, Stream, answer, framed

OK = b'{"status":"ok","response":{"type":"default"}}'
KEY = signer("0x" + "01" * 32)


class Line:
    """The way of actions: a session without a socket, and a venue that answers REST."""

    def __init__(self, rest: Connected, vault: str | None = None) -> None:
        self.rest = rest
        self.stream = Stream()
        self.sent: list[dict[str, Any]] = []
        self.failure: Exception | None = None
        self.kept: list[int] = []
        self.posting = Posting(rest.rest, self.stream.session, self.send, Network.TESTNET)
        self.nonces = Nonces(lambda: START, keep=self.kept.append)
        self.posting.open(KEY, self.nonces, Access(vault_address=vault))

    async def send(self, text: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append(msgspec.json.decode(text))

    async def says(self, payload: Any, kind: str = "action") -> HttpReply:
        """Post, and let the venue answer over the socket."""
        posting_now = asyncio.ensure_future(self.posting.post(NoopAction()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.stream.hear(answer(self.sent[-1]["id"], payload, kind))
        return await posting_now


@asynccontextmanager
async def line(vault: str | None = None) -> AsyncIterator[Line]:
    async with connected() as rest:
        rest.venue.says((200, OK))
        yield Line(rest, vault)


async def test_without_a_key_nothing_is_signed() -> None:
    async with line() as way:
        keyless = Posting(way.rest.rest, way.stream.session, way.send, Network.TESTNET)
        with pytest.raises(ExchangeError, match="there is no key to sign with"):
            await keyless.post(NoopAction())
        assert (way.sent, way.rest.venue.asked) == ([], [])


async def test_while_the_socket_stands_it_leaves_over_it() -> None:
    async with line() as way:
        way.stream.open()
        reply = await way.says({"status": "ok"})
        assert (reply.status, reply.body) == (200, b'{"status":"ok"}')
        [post] = way.sent
        assert post["request"]["type"] == "action"
        assert post["request"]["payload"]["action"] == {"type": "noop"}
        assert way.rest.venue.asked == []
        assert way.stream.session.posts_in_flight == 0


async def test_without_a_socket_it_leaves_by_rest_with_vault_and_deadline() -> None:
    async with line(ADDRESS) as way:
        reply = await way.posting.post(NoopAction(), 1_790_000_000_123)
        assert reply.body == OK
        [(path, body)] = way.rest.venue.asked
        assert path == "/exchange"
        assert body["vaultAddress"] == ADDRESS
        assert body["expiresAfter"] == 1_790_000_000_123
        assert body["nonce"] == START // NS_PER_MS
        assert way.sent == []


async def test_every_action_has_a_nonce_of_its_own_that_was_kept_first() -> None:
    async with line() as way:
        await asyncio.gather(*(way.posting.post(NoopAction()) for _ in range(5)))
        nonces = sorted(body["nonce"] for _, body in way.rest.venue.asked)
        assert nonces == way.kept == [START // NS_PER_MS + number for number in range(5)]


async def test_a_nonce_that_cant_be_kept_lets_nothing_leave() -> None:
    async with line() as way:
        way.stream.open()

        def full(_: int) -> None:
            raise ExchangeError("no space left on device")

        way.posting.open(KEY, Nonces(lambda: START, keep=full), Access())
        with pytest.raises(ExchangeError, match="no space left"):
            await way.posting.post(NoopAction())
        assert (way.sent, way.rest.venue.asked) == ([], [])


async def test_what_did_not_leave_over_the_socket_leaves_by_rest_once() -> None:
    async with line() as way:
        way.stream.open()
        way.failure = NotConnected("gone")
        assert (await way.posting.post(NoopAction())).body == OK
        assert len(way.rest.venue.asked) == 1
        assert way.stream.session.posts_in_flight == 0


async def test_what_may_have_left_over_the_socket_is_not_sent_by_rest() -> None:
    async with line() as way:
        way.stream.open()
        way.failure = NoAnswer(True, "ended meanwhile")
        with pytest.raises(NoAnswer) as told:
            await way.posting.post(NoopAction())
        assert told.value.may_have_arrived
        assert way.rest.venue.asked == []


async def test_a_connection_lost_before_the_answer_leaves_it_open_what_happened() -> None:
    async with line() as way:
        way.stream.open()
        under_way = asyncio.ensure_future(way.posting.post(NoopAction()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(way.sent) == 1
        way.stream.session.closed("gone")
        with pytest.raises(NoAnswer) as told:
            await under_way
        assert told.value.may_have_arrived
        assert way.rest.venue.asked == []


async def test_an_answer_that_never_comes_is_waited_for_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posting, "ANSWER_WITHIN_S", 0.01)
    async with line() as way:
        way.stream.open()
        with pytest.raises(NoAnswer, match=r"no answer within 0.01 s") as told:
            await way.posting.post(NoopAction())
        assert told.value.may_have_arrived
        assert way.stream.session.posts_in_flight == 0
        way.stream.hear(answer(way.sent[0]["id"], {"status": "ok"}))


async def test_beyond_what_the_venue_takes_at_once_it_leaves_by_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posting, "MOST_POSTS", 1)
    async with line() as way:
        way.stream.open()
        first = asyncio.ensure_future(way.posting.post(NoopAction()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (await way.posting.post(NoopAction())).body == OK
        assert (len(way.sent), len(way.rest.venue.asked)) == (1, 1)
        way.stream.hear(answer(way.sent[0]["id"], {}))
        assert (await first).body == b"{}"


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ("422 Unprocessable Entity: Failed to deserialize", 422),
        ("429 Too Many Requests", 429),
        ("too many pending post requests", 500),
        ("99 balloons", 500),
        ("", 500),
        ({"odd": 1}, 500),
        (None, 500),
    ],
)
async def test_an_error_has_the_status_that_its_text_begins_with(payload: Any, status: int) -> None:
    async with line() as way:
        way.stream.open()
        reply = await way.says(payload, "error")
        assert reply.status == status
        if isinstance(payload, str):
            assert reply.body == payload.encode()


async def test_a_429_over_the_socket_slows_down_like_one_over_rest() -> None:
    async with line() as way:
        way.stream.open()
        assert way.rest.budget.try_take(1)
        await way.says("429 Too Many Requests", "error")
        assert not way.rest.budget.try_take(1)


async def test_who_gives_up_leaves_no_request_behind() -> None:
    async with line() as way:
        way.stream.open()
        under_way = asyncio.ensure_future(way.posting.post(NoopAction()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        under_way.cancel()
        await asyncio.gather(under_way, return_exceptions=True)
        assert way.stream.session.posts_in_flight == 0
        way.stream.hear(framed("post", {"id": 1, "response": {"type": "action", "payload": {}}}))
