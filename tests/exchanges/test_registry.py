"""The table of exchange types: built-in ones, those of other packages, and wrong names."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.exchanges import registry
from nimbus_tui.exchanges.paper.adapter import PaperExchange

GROUP = registry.ENTRY_POINTS


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    points: list[EntryPoint] = []
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [p for p in points if p.group == group]
    )
    return points


def test_paper_is_built_in() -> None:
    assert "paper" in registry.exchange_types()
    assert registry.exchange_class("paper") is PaperExchange


def test_another_package_adds_a_type_but_cannot_replace_a_built_in_one(
    offered: list[EntryPoint],
) -> None:
    value = "nimbus_tui.exchanges.paper.adapter:PaperExchange"
    offered.append(EntryPoint("moon", value, GROUP))
    offered.append(EntryPoint("paper", "decimal:Decimal", GROUP))
    assert registry.exchange_types() == ["paper", "hyperliquid", "moon"]
    assert registry.exchange_class("moon") is PaperExchange
    assert registry.exchange_class("paper") is PaperExchange


@pytest.mark.parametrize(
    ("name", "words"),
    [("papper", "did you mean 'paper'"), ("zzz", r"\(known: paper, hyperliquid\)")],
)
def test_an_unknown_type_names_the_nearest_or_all(
    offered: list[EntryPoint], name: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        registry.exchange_class(name)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("nowhere_at_all:Exchange", "can't be loaded: ModuleNotFoundError"),
        (f"{GROUP}.base:Nothing", "can't be loaded: AttributeError"),
        ("decimal:Decimal", "not a class with all calls"),
        ("decimal:getcontext", "not a class with all calls"),
    ],
)
def test_a_broken_offer_is_an_error_in_words(
    offered: list[EntryPoint], value: str, words: str
) -> None:
    offered.append(EntryPoint("moon", value, GROUP))
    with pytest.raises(ConfigError, match=words):
        registry.exchange_class("moon")


def test_listing_the_types_loads_no_adapter() -> None:
    script = (
        "import sys; from nimbus_tui.exchanges.registry import exchange_types; exchange_types(); "
        "assert not [m for m in sys.modules if m.startswith('nimbus_tui.exchanges.paper')]"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
