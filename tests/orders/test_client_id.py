"""Client order ids: the same intent, the same id; anything else, another."""

from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.orders.client_id import client_order_id, is_ours, tag

text = st.text(max_size=12)


def test_an_id_fits_every_venue_and_carries_the_tag() -> None:
    mark = tag("paper:sim", "home")
    identity = client_order_id(mark, "eth-grid", "a1", "grid/+2/c7", 0)
    assert len(identity) == 32
    assert identity.isalnum()
    assert identity.startswith("nb")
    assert is_ours(mark, identity)
    assert not is_ours(tag("paper:sim", "office"), identity)


@given(text, text, text, st.integers(0, 99), text, text, text, st.integers(0, 99))
def test_ids_are_equal_exactly_when_their_parts_are(
    bot: str, life: str, key: str, number: int, bot2: str, life2: str, key2: str, number2: int
) -> None:
    same = (bot, life, key, number) == (bot2, life2, key2, number2)
    first = client_order_id("nb0000", bot, life, key, number)
    assert (first == client_order_id("nb0000", bot2, life2, key2, number2)) is same
