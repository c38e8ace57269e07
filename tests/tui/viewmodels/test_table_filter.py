import pytest

from nimbus_tui.tui.viewmodels.table_filter import asked_for, matches, parsed

FIELDS = ("bot", "side", "state", "symbol")
ROW = {"bot": "eth-grid", "side": "buy", "state": "resting open", "symbol": "ETH/USDC:USDC"}
WORDS = "eth-grid ETH/USDC:USDC buy grid/-1/c3"


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("", True), ("eth", True), ("ETH grid/-1", True), ("btc", False), ("eth btc", False),
        ("side:buy", True), ("side:sell", False), ("SIDE:Buy", True), ("side:sell,buy", True),
        ("-side:buy", False), ("-side:sell", True), ("-btc", True), ("-eth", False),
        ("state:open bot:eth", True), ("state:open bot:btc", False), ("state:", True),
        ("ETH/USDC:USDC", True), ("SOL/USDC:USDC", False), ("-", True), ("side:,", True),
    ],
)  # fmt: skip
def test_words_and_terms_find_rows(text: str, is_found: bool) -> None:
    assert matches(parsed(text, FIELDS), ROW, WORDS) is is_found


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", ()), ("eth", ()), ("bot:eth-grid", ("eth-grid",)),
        ("bot:grid", ("eth-grid", "x-grid")),
        ("-bot:eth", ("x-grid", "sol")), ("bot:nobody", ()), ("bot:grid -bot:x", ("eth-grid",)),
    ],
)  # fmt: skip
def test_what_the_journal_can_be_asked_for_follows_from_the_terms(
    text: str, values: tuple[str, ...]
) -> None:
    assert asked_for(parsed(text, FIELDS), "bot", ("eth-grid", "x-grid", "sol")) == values
