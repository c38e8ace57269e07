"""A request leaves once, whatever the network does, and a failure says whether it arrived."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from nimbus_tui.core.errors import ExchangeError, NoAnswer
from nimbus_tui.exchanges.net import http
from nimbus_tui.exchanges.net.http import HttpClient
from tests.exchanges.net.rough_server import (
    RoughServer,
    Script,
    always,
    answer,
    closed_port,
    reset,
    rough,
)

BODY = b'{"type":"meta"}'
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    made = HttpClient()
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"a":1}', b"application/json"),
        (429, b"null", b"application/json"),
        (502, b"<html>Bad Gateway</html>", b"text/html"),
        (422, b"Failed to deserialize the JSON body", b"text/plain"),
        (307, b"elsewhere", b"text/plain"),
    ],
)
async def test_any_status_and_body_is_an_answer(
    client: HttpClient, status: int, body: bytes, kind: bytes
) -> None:
    async with rough(always(answer(status, body, kind))) as server:
        reply = await client.post_json(f"{server.url}/info", BODY, timeout_s=5)
    assert (reply.status, reply.body, reply.sent) == (status, body, True)
    assert server.requests == [BODY]


async def test_a_redirect_is_not_followed(client: HttpClient) -> None:
    elsewhere = b"HTTP/1.1 307 X\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    async with rough(always(elsewhere)) as server:
        reply = await client.post_json(f"{server.url}/exchange", BODY, timeout_s=5)
    assert reply.status == 307
    assert len(server.requests) == 1


async def test_a_refused_connection_brought_nothing_there(client: HttpClient) -> None:
    with pytest.raises(NoAnswer) as caught:
        await client.post_json(f"http://127.0.0.1:{closed_port()}/info", BODY, timeout_s=5)
    assert not caught.value.may_have_arrived
    assert isinstance(caught.value, ExchangeError)
    assert "gave no answer" in str(caught.value)


@pytest.mark.parametrize("url", ["http://no-such-host.invalid/info", "nonsense"])
async def test_an_address_that_leads_nowhere_brought_nothing_there(
    client: HttpClient, url: str
) -> None:
    with pytest.raises(NoAnswer) as caught:
        await client.post_json(url, BODY, timeout_s=5)
    assert not caught.value.may_have_arrived


async def hangs(server: RoughServer, reader: Reader, writer: Writer) -> None:
    await server.request(reader)
    await asyncio.Event().wait()


async def resets_after_reading(server: RoughServer, reader: Reader, writer: Writer) -> None:
    await server.request(reader)
    reset(writer)


async def ends_without_a_word(server: RoughServer, reader: Reader, writer: Writer) -> None:
    await server.request(reader)


async def breaks_off_in_the_answer(server: RoughServer, reader: Reader, writer: Writer) -> None:
    await server.request(reader)
    writer.write(answer(200, b'{"status":"ok","response":{}}')[:-10])
    await writer.drain()


async def answers_in_no_protocol(server: RoughServer, reader: Reader, writer: Writer) -> None:
    await server.request(reader)
    writer.write(b"\x00\x01garbage\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    "script",
    [
        hangs,
        resets_after_reading,
        ends_without_a_word,
        breaks_off_in_the_answer,
        answers_in_no_protocol,
    ],
)
async def test_a_request_that_was_read_may_have_been_executed_and_is_not_sent_again(
    client: HttpClient, script: Script
) -> None:
    async with rough(script) as server:
        with pytest.raises(NoAnswer) as caught:
            await client.post_json(f"{server.url}/exchange", BODY, timeout_s=0.3)
        assert caught.value.may_have_arrived
        assert server.requests == [BODY]


async def test_a_kept_connection_is_used_again(client: HttpClient) -> None:
    async with rough(always(answer(200, b"{}"))) as server:
        for _ in range(3):
            await client.post_json(f"{server.url}/info", BODY, timeout_s=5)
        assert (server.connections, len(server.requests)) == (1, 3)


async def test_a_kept_connection_that_dies_unnoticed_is_not_tried_again_in_silence(
    client: HttpClient,
) -> None:
    async def answers_once(server: RoughServer, reader: Reader, writer: Writer) -> None:
        await server.request(reader)
        writer.write(answer(200, b"{}"))
        await writer.drain()
        # The venue drops the connection just as the next request arrives.
        await server.request(reader)
        reset(writer)

    async with rough(answers_once) as server:
        await client.post_json(f"{server.url}/exchange", b"first", timeout_s=5)
        with pytest.raises(NoAnswer) as caught:
            await client.post_json(f"{server.url}/exchange", b"second", timeout_s=5)
        assert caught.value.may_have_arrived
        assert server.requests == [b"first", b"second"]
        assert server.connections == 1


async def test_a_connection_that_the_venue_has_closed_is_replaced(client: HttpClient) -> None:
    closed = asyncio.Event()

    async def answers_and_closes(server: RoughServer, reader: Reader, writer: Writer) -> None:
        await server.request(reader)
        writer.write(answer(200, b"{}"))
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with rough(answers_and_closes) as server:
        for number in (1, 2):
            closed.clear()
            reply = await client.post_json(f"{server.url}/exchange", BODY, timeout_s=5)
            assert reply.status == 200
            await asyncio.wait_for(closed.wait(), 5)
            assert server.connections == number


async def test_an_idle_connection_is_given_up_before_the_venue_does() -> None:
    assert http.KEEPALIVE_S < 180
    impatient = HttpClient(keepalive_s=0.05)
    async with rough(always(answer(200, b"{}"))) as server:
        await impatient.post_json(f"{server.url}/info", BODY, timeout_s=5)
        await asyncio.sleep(0.2)
        await impatient.post_json(f"{server.url}/info", BODY, timeout_s=5)
        assert server.connections == 2
        await impatient.close()


async def test_an_answer_without_end_is_cut_off(
    client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MOST_BODY", 1000)
    async with rough(always(answer(200, b" " * 5000))) as server:
        with pytest.raises(NoAnswer, match="longer than 1000 bytes"):
            await client.post_json(f"{server.url}/info", BODY, timeout_s=5)


async def test_closing_twice_is_harmless_and_a_request_opens_anew(client: HttpClient) -> None:
    async with rough(always(answer(200, b"{}"))) as server:
        await client.post_json(f"{server.url}/info", BODY, timeout_s=5)
        await client.close()
        await client.close()
        assert (await client.post_json(f"{server.url}/info", BODY, timeout_s=5)).status == 200
        await client.close()


async def test_who_is_cancelled_leaves_no_connection_in_a_doubtful_state(
    client: HttpClient,
) -> None:
    async with rough(hangs) as server:
        asking = asyncio.ensure_future(
            client.post_json(f"{server.url}/exchange", BODY, timeout_s=60)
        )
        await asyncio.wait_for(server.arrived.wait(), 5)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        with pytest.raises(NoAnswer):
            await client.post_json(f"{server.url}/exchange", BODY, timeout_s=0.2)
        assert server.connections == 2


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_a_certificate_that_nobody_vouches_for_gets_no_request(
    client: HttpClient, tmp_path: Path
) -> None:
    async with rough(always(answer(200, b"{}")), tls=self_signed(tmp_path)) as server:
        with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED") as caught:
            await client.post_json(f"{server.url}/exchange", BODY, timeout_s=5)
        assert not caught.value.may_have_arrived
        assert server.requests == []
