"""Our ids and the venue's cloids are the same thing in two spellings."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.ids import BotId, ClientOrderId, OrderKey
from nimbus_tui.exchanges.hyperliquid.cloids import NO_CLIENT_ID, client_id_of, cloid_of
from nimbus_tui.orders import client_id

tags = st.builds(client_id.tag, st.text(max_size=5), st.text(max_size=5))
ids = st.builds(
    client_id.client_order_id,
    tags,
    st.text(max_size=5).map(BotId),
    st.text(max_size=5),
    st.text(max_size=5).map(OrderKey),
    st.integers(0, 99),
)
cloids = st.binary(min_size=16, max_size=16).map(lambda raw: "0x" + raw.hex())


@given(ids)
def test_our_id_comes_back_as_it_left(ours: ClientOrderId) -> None:
    cloid = cloid_of(ours)
    assert cloid is not None
    assert re.fullmatch("0x[0-9a-f]{32}", cloid)
    assert ours == client_id_of(cloid)
    assert ours == client_id_of(cloid.upper().replace("0X", "0x"))


@given(tags)
def test_the_tag_is_the_first_six_digits(tag: str) -> None:
    cloid = cloid_of(client_id.client_order_id(tag, BotId("b"), "i", OrderKey("k"), 0))
    assert cloid is not None
    assert cloid.startswith("0x6e" + tag[2:])


@given(cloids)
def test_a_foreign_cloid_is_kept_and_comes_back(cloid: str) -> None:
    client_order_id = client_id_of(cloid)
    assert client_order_id.startswith("nb") is cloid.startswith("0x6e")
    assert cloid == cloid_of(client_order_id)


@given(cloids, cloids)
def test_two_cloids_are_never_one_id(one: str, other: str) -> None:
    assert (one == other) is (client_id_of(one) == client_id_of(other))


@pytest.mark.parametrize(
    "strange", ["", "nb", "nb" + "g" * 30, "nb" + "A" * 30, "nb" + "0" * 31, "0x6e" + "0" * 30, "x"]
)
def test_an_id_that_has_no_cloid_has_none(strange: str) -> None:
    assert cloid_of(ClientOrderId(strange)) is None


def test_an_order_without_a_cloid_is_not_ours() -> None:
    assert client_id_of(None) == NO_CLIENT_ID
    assert not client_id.is_ours(client_id.tag("account", "engine"), NO_CLIENT_ID)
