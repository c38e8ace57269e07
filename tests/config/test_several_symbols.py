"""Bots with several symbols: what is wrong with them is told of the key that names the symbols."""

import pytest

from tests.config.texts import config_of, problems_of

PORTFOLIO = """\
[exchanges.sim]
type = "paper"

[bots.pf]
strategy = "portfolio"
exchange = "sim"
capital = 5000
quote = "USDC"
targets = { BTC = 60, ETH = 40 }
"""


def told(*changes: tuple[str, str], end: str = "") -> list[str]:
    text = PORTFOLIO
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return [str(problem) for problem in problems_of(text + end)]


def test_the_symbols_come_from_the_targets() -> None:
    config = config_of(PORTFOLIO)
    assert config.bots["pf"].symbols == ("BTC/USDC", "ETH/USDC")
    assert set(config.instruments["sim"]) == {"BTC/USDC", "ETH/USDC"}


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (("ETH = 40", "eth = 40"), ":9:1 bots.pf.targets: ", "'eth/USDC' is not a symbol"),
        (("ETH = 40", "WIF = 40"), ":9:1 bots.pf.targets: ", "WIF/USDC has no built-in instrument"),
        (("ETH = 40", "ETH = 45"), ":9:1 bots.pf.targets: ", "add up to 105: 5 too much"),
        (("ETH = 40", 'ETH = "40"'), ":9:23 bots.pf.targets.ETH: ", "must be a number"),
        (("5000", "50_000"), ":7:1 bots.pf.capital: ", "need 50,000.00 USDC, but sim has"),
        (('quote = "USDC"\n', ""), "bots.pf.quote: ", "the key 'quote' is missing"),
    ],
    ids=lambda case: str(case)[:24],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_stands(
    change: tuple[str, str], place: str, words: str
) -> None:
    (problem,) = told(change)
    assert place in problem
    assert words in problem


def test_a_replay_without_a_file_of_every_symbol_is_told_of_the_targets() -> None:
    replay = 'type = "paper"\nmarket = "replay"\nfiles = { "BTC/USDC" = "bots.toml" }'
    problems = told(('type = "paper"', replay))
    assert any(
        "bots.pf.targets: exchanges.sim.files has no prices of ETH/USDC" in p for p in problems
    )


def test_without_a_capital_the_least_sensible_one_has_to_fit_the_account() -> None:
    poor = ('type = "paper"', 'type = "paper"\nbalances = { USDC = 300 }')
    (problem,) = told(("capital = 5000\n", ""), poor)
    assert "need 400.20 USDC, but sim has 300.00" in problem
    assert told(("capital = 5000\n", 'initial = "claim"\n'), poor) == []
