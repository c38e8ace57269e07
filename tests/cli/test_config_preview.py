"""`config check --preview` as a user and as a script meet it."""

import asyncio
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nimbus_tui.bootstrap import live_engine, load_config
from nimbus_tui.cli.config_commands import given_prices
from nimbus_tui.cli.main import main
from nimbus_tui.cli.preview_tables import print_preview, shown
from nimbus_tui.config.locations import paper_path, shipped, socket_path
from nimbus_tui.control.client import EngineClient
from nimbus_tui.core import panels
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.order import Side
from nimbus_tui.core.preview import Preview, PreviewFigure
from nimbus_tui.engine.host import EngineThread
from nimbus_tui.exchanges.paper.account import VenueState
from nimbus_tui.exchanges.paper.store import PaperStore, state_in
from tests.config.texts import GOOD

D = Decimal
SAMPLES = sorted(shipped("sample_configs").glob("*.toml"))
SECOND = 1_000_000_000


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "bots.toml"
    path.write_text(GOOD)
    return path


class Run:
    """The command line in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        words = ["nimbus-tui", "config", "check", *(str(word) for word in arguments)]
        self._monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = self._capsys.readouterr()
        return int(caught.value.code or 0), out, err

    def document(self, *arguments: str | Path) -> tuple[int, Any]:
        code, out, err = self(*arguments, "--preview", "--json")
        assert err == ""
        return code, json.loads(out)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(monkeypatch, capsys)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_sample_has_a_preview_that_fits_80_columns(path: Path, run: Run) -> None:
    code, out, err = run(path, "--preview")
    assert code == 0
    assert err.splitlines()[-1] == f"{path}: all well"
    assert "capital needed" in out
    assert max(len(line) for line in out.splitlines()) <= 80


def test_figures_and_ladder_are_data_and_warnings_are_talk(config: Path, run: Run) -> None:
    code, out, err = run(config, "--preview", "--price", "ETH/USDC=2400")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "eth (grid on sim)"
    assert "ETH/USDC 2400 (as given)" in lines
    assert "bought at the start 0.1236 ETH" in lines
    assert "+1 2412 +0.50 % sell 0.0414 waiting 0.45695664" in lines
    assert "-3 2364 -1.50 % buy 0.0423 wanted 0.4674996" in lines
    assert err.splitlines() == [
        "eth: warning: no stop loss: when the grid moves after the price its position stays, so "
        "that the loss has no limit",
        f"{config}: all well",
    ]


def test_a_script_gets_numbers_as_strings_in_one_document(config: Path, run: Run) -> None:
    code, document = run.document(config, "--price", "ETH/USDC=2400")
    assert code == 0
    assert (document["ok"], document["errors"]) == (True, [])
    bot = document["previews"]["eth"]
    assert bot["prices"] == [{"symbol": "ETH/USDC", "price": "2400", "source": "given", "ts": None}]
    assert bot["figures"][0] == {
        "name": "capital needed",
        "value": "599.5136070000",
        "unit": "USDC",
    }
    assert bot["panel"]["type"] == "ladder"
    assert bot["panel"]["rows"][0]["price"] == "2436.00"
    assert len(bot["warnings"]) == 1
    assert bot["refusals"] == []


@pytest.mark.parametrize(
    "command",
    [
        ("config", "check"),
        ("config", "check", "--preview"),
        ("run",),
        ("open",),
        ("backtest", "--data", "x.csv"),
    ],
)
def test_a_spacing_that_does_not_pay_ends_with_2_wherever_bots_start(
    command: tuple[str, ...],
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config.write_text(GOOD.replace("0.5", "0.03"))
    monkeypatch.setattr(sys, "argv", ["nimbus-tui", *command, str(config)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{config}:8:1 bots.eth.spacing: 0.03 % does not pay the fees" in err
    assert "0.0400 %" in err
    assert "would lose 0.0100 %, 0.0100 USDC at 100 USDC" in err


def test_a_refused_start_is_refused_in_the_document_too(config: Path, run: Run) -> None:
    code, document = run.document(config, "--price", "ETH/USDC=1e40")
    assert (code, document["ok"], document["errors"]) == (2, False, [])
    assert document["previews"]["eth"]["refusals"]
    code, _, err = run(config, "--preview", "--price", "ETH/USDC=1e40")
    assert code == 2
    assert "eth: refused: its numbers are too large" in err
    assert err.splitlines()[-1] == f"{config}: 1 problem"


def test_errors_come_in_the_document_as_without_a_preview(config: Path, run: Run) -> None:
    config.write_text(GOOD.replace("0.5", "0"))
    code, document = run.document(config)
    assert code == 2
    assert document["previews"] == {}
    assert document["errors"] == json.loads(run(config, "--json")[1])["errors"]


# prices and where they come from


def source(run: Run, config: Path, *arguments: str) -> tuple[str, str]:
    (price,) = run.document(config, *arguments)[1]["previews"]["eth"]["prices"]
    return price["price"], price["source"]


def test_without_anything_a_made_up_market_opens(config: Path, run: Run) -> None:
    assert source(run, config) == ("2400", "synthetic start")
    assert "(start of the made-up market)" in run(config, "--preview")[1]


def test_a_replay_opens_with_its_first_price(config: Path, run: Run) -> None:
    (config.parent / "eth.csv").write_text("1763812800000,2345.67,1\n1763812801000,2350,1\n")
    config.write_text(
        GOOD.replace('"paper"\n', '"paper"\nmarket = "replay"\nfiles = ["eth.csv"]\n')
    )
    assert source(run, config) == ("2345.67", "first recorded")
    assert "first price of the file, 2025-11-22 12:00 UTC" in " ".join(
        run(config, "--preview")[1].split()
    )


def test_a_replay_without_a_price_says_so_at_the_symbol(config: Path, run: Run) -> None:
    (config.parent / "eth.csv").write_text("timestamp_ms,price,size\n")
    config.write_text(
        GOOD.replace('"paper"\n', '"paper"\nmarket = "replay"\nfiles = ["eth.csv"]\n')
    )
    code, out, err = run(config, "--preview")
    assert (code, out) == (2, "")
    assert f"{config}:9:1 bots.eth.symbol: there is no price of ETH/USDC" in err
    assert "has a header but no rows" in err
    assert run(config, "--preview", "--price", "ETH/USDC=2400")[0] == 0


def test_the_paper_exchange_remembers_its_newest_price(config: Path, run: Run) -> None:
    path = paper_path("bots", "sim")
    path.parent.mkdir(parents=True)
    store = PaperStore(path)
    with store.transaction():
        store.save_state(
            VenueState(
                balances={}, prices={"ETH/USDC": D("2222.5")}, times={"ETH/USDC": 60 * SECOND}
            )
        )
    assert source(run, config) == ("2222.5", "paper file")
    store.close()
    assert source(run, config) == ("2222.5", "paper file")
    assert source(run, config, "--price", "ETH/USDC=9000") == ("9000", "given")
    assert "paper exchange has kept, 1970-01-01 00:01 UTC" in " ".join(
        run(config, "--preview")[1].split()
    )


def test_a_file_that_is_no_paper_exchange_is_named(config: Path, run: Run) -> None:
    path = paper_path("bots", "sim")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"nothing like it" * 100)
    code, _, err = run(config, "--preview")
    assert code == 2
    assert f"there is no price of ETH/USDC: {path}, the paper exchange's file" in err
    assert state_in(path.with_name("absent.db")) is None


def test_a_running_engine_knows_best(config: Path, run: Run) -> None:
    (config.parent / "eth.csv").write_text("1763812800000,1234.50,1\n")
    config.write_text(
        GOOD.replace('"paper"\n', '"paper"\nmarket = "replay"\nfiles = ["eth.csv"]\n')
    )
    loaded = load_config(config)
    thread = EngineThread(lambda: live_engine(loaded), str(socket_path("bots")))
    client = thread.start()
    try:
        asyncio.run(_seen_a_price(client))
        assert source(run, config) == ("1234.50", "engine")
        assert source(run, config, "--price", "ETH/USDC=9000") == ("9000", "given")
    finally:
        thread.request_stop()
        assert thread.join(30)


async def _seen_a_price(client: EngineClient) -> None:
    revision = 0
    async with asyncio.timeout(30):
        while (await client.snapshot())[1][0].price is None:
            revision = (await client.updates(revision, timeout_s=1)).revision


WRONG_PRICES = ("2400", "ETH/USDC", "=3", *(f"ETH/USDC={n}" for n in ("", "x", "0", "-1", "nan")))


@pytest.mark.parametrize("wrong", [*WRONG_PRICES, "ETH/USDC=inf"])
def test_a_price_that_is_none_is_told_how_to_write_it(wrong: str, config: Path, run: Run) -> None:
    code, out, err = run(config, "--preview", "--price", wrong)
    assert (code, out) == (2, "")
    assert err == f"--price {wrong}: write SYMBOL=PRICE, like ETH/USDC=2400\n"


def test_a_price_of_something_else_or_without_a_preview_is_refused(config: Path, run: Run) -> None:
    code, _, err = run(config, "--preview", "--price", "BTC/USDC=1")
    assert (code, err) == (2, "--price BTC/USDC: no bot trades it; there are ETH/USDC\n")
    code, _, err = run(config, "--price", "ETH/USDC=1")
    assert (code, err) == (2, "--price is for --preview; give that too\n")


def test_prices_may_have_underscores_and_come_several() -> None:
    given = given_prices(["BTC/USDC:USDC=60_000", "ETH/USDC=2400.5"])
    assert given == {"BTC/USDC:USDC": D(60_000), "ETH/USDC": D("2400.5")}
    with pytest.raises(ConfigError):
        given_prices(["ETH/USDC=1", "2"])


# every kind of panel

LONG = D("12345.123456789012345678")
NOON = 1_763_812_800 * SECOND
PANELS: dict[str, panels.Panel] = {
    "ladder": panels.LadderPanel(
        rows=(
            panels.LadderRow(level=-500, price=LONG, offset_percent=D("-99.99"), side=Side.BUY,
                             quantity=LONG, key="grid/-500/c1", state=panels.RowState.CANCELLING,
                             profit=LONG),
        ),
        base=LONG, wake_below=LONG, wake_above=LONG, note="waits for 2300",
    ),
    "timeline": panels.TimelinePanel(
        rows=(
            panels.TimelineRow(due=NOON, state=panels.SlotState.SKIPPED, price=LONG, quantity=LONG,
                               spent=LONG, invested=LONG, average_cost=LONG,
                               note="the price is above price_ceiling"),
        ),
        orders=3, max_orders=30, invested=LONG, max_quote=D(1500), next_due=NOON, stop_price=LONG,
    ),
    "drift": panels.DriftPanel(
        rows=(
            panels.DriftRow(asset="MATIC", target=D(10), current=D("8.123456"), drift=D("-1.9"),
                            threshold=D(5), quantity=LONG, value=LONG, side=Side.BUY, amount=LONG,
                            note="under the venue's minimum"),
        ),
        value=LONG, quote="USDC", next_rebalance=NOON,
    ),
    "steps": panels.StepsPanel(
        rows=(
            panels.StepRow(step=12, state=panels.StepState.IN_PLAY, price=LONG,
                           deviation_percent=D("12.3456"), quantity=LONG, quote=LONG,
                           cumulative_quote=LONG, average_cost=LONG, target_price=LONG),
        ),
        entry_price=LONG, target_price=LONG, stop_price=LONG, capital=LONG,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PANELS)
def test_every_kind_of_panel_fits_80_columns_and_says_what_it_holds(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = PreviewFigure("a sentence", "that is longer than the line has room for " * 3)
    print_preview("bot", Preview(panel=PANELS[kind], figures=(figure,)), [])
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= 80
    text = "".join(out.split())
    for said in {
        "ladder": ("-500", "12345.123", "buy", "cancelling", "-99.99%", "waitsfor2300"),
        "timeline": ("2025-11-2212:00", "skipped", "3of30", "of1500", "stopprice"),
        "drift": ("MATIC", "10%", "8.12%", "-1.90", "buy", "nextrebalance"),
        "steps": ("12.35%", "entryprice", "targetprice", "capital", "12345.123"),
    }[kind]:
        assert said in text, said


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("none", "none"),
        (3, "3"),
        (D("2412.00"), "2412"),
        (D("299.7574038000"), "299.7574"),
        (D("40493.827160493827"), "40493.827"),
        (D("0.000012345678901"), "0.000012345679"),
        (D("123456789012.345"), "123456789012.34"),
        (D("0E-8"), "0"),
        (D("-0.0100139520"), "-0.010013952"),
        (D("NaN"), "NaN"),
        (D("1E+3"), "1000"),
    ],
)
def test_a_figure_is_shown_with_the_digits_that_count(value: Any, text: str) -> None:
    assert shown(value) == text
