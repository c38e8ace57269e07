"""Pages that point somewhere point at something, and explain what the code really takes."""

import re
from pathlib import Path

import msgspec
import pytest

from nimbus_tui.bootstrap import load_config
from nimbus_tui.config.exchange_sections import HyperliquidSection, PaperSection
from nimbus_tui.config.model import UiSection
from nimbus_tui.strategies.base import StrategyConfig
from nimbus_tui.strategies.dca_config import DcaConfig
from nimbus_tui.strategies.grid_levels import GridConfig
from nimbus_tui.strategies.martingale_steps import MartingaleConfig
from nimbus_tui.strategies.portfolio_weights import PortfolioConfig
from tests.config.venues import list_everything

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)")
TOML_SNIPPET = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def place(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_every_config_on_a_page_is_one_that_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))
    list_everything()
    for number, snippet in enumerate(TOML_SNIPPET.findall(page.read_text(encoding="utf-8"))):
        config = tmp_path / f"snippet{number}.toml"
        config.write_text(snippet, encoding="utf-8")
        assert load_config(config).bots


def keys_explained(page: str, heading: str) -> list[str]:
    """The first column of the table under a heading."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    section = text.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", section, re.MULTILINE)
    return [key for row in rows for key in re.findall(r"`(\w+)`", row)]


@pytest.mark.parametrize(
    ("page", "config"),
    [
        ("bots/grid.md", GridConfig),
        ("bots/dca.md", DcaConfig),
        ("bots/martingale.md", MartingaleConfig),
        ("bots/portfolio.md", PortfolioConfig),
    ],
)
def test_a_bots_page_explains_every_parameter_and_no_other(
    page: str, config: type[StrategyConfig]
) -> None:
    explained = keys_explained(page, "Parameters")
    assert sorted(explained) == sorted(field.name for field in msgspec.structs.fields(config))


def test_the_paper_page_explains_every_key_but_the_type() -> None:
    keys = {field.name for field in msgspec.structs.fields(PaperSection)}
    assert sorted(keys_explained("exchanges/paper.md", "Keys")) == sorted(keys - {"type"})


def test_the_page_about_terminals_explains_every_key_of_the_screen() -> None:
    keys = {field.name for field in msgspec.structs.fields(UiSection)}
    assert sorted(keys_explained("terminals.md", "The `[ui]` table")) == sorted(keys)


def test_the_page_of_a_real_venue_explains_every_key_but_the_type() -> None:
    keys = {field.name for field in msgspec.structs.fields(HyperliquidSection)}
    assert sorted(keys_explained("exchanges/hyperliquid.md", "Config keys")) == sorted(
        keys - {"type"}
    )
