"""Every screen and question keeps its place in a terminal whose size never rests."""

import os
import time
from random import Random
from typing import NamedTuple

import msgspec

from nimbus_tui.config.drafts import KeptDraft
from nimbus_tui.control.snapshots import BotState
from tests.cli.app_terminal import EngineHome, ShellTerminal, until

STORM_S = float(os.environ.get("NIMBUS_RESIZE_SECONDS", "12"))
ESC = b"\x1b[27u"
"""Escape as terminals send it that leave no doubt where a key ends."""
ARROWS = (b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D")
SMALL, PLAIN = (23, 79), (24, 80)
LETTER = "~"
"""Typed into the config's text; nothing else has it."""


class Place(NamedTuple):
    """Where to go, by which words it is known at 80×24, and what may be pressed there."""

    opens: tuple[bytes, ...]
    words: str
    keys: tuple[bytes, ...] = ()
    closes: tuple[bytes, ...] = (ESC,)
    before: str = ""
    """Words to wait for after the first key."""


PLACES = (
    Place((b"1",), "symbol", (*ARROWS, b"o", b"O", b"t", b"v")),
    Place((b"1", b"\r"), "figures", (*ARROWS, b"v", b"t")),
    Place((b"2",), "daily loss", (*ARROWS, b"v", b"v", b"v", b"t"), (b"1",)),
    Place((b"3",), "orders", (*ARROWS, b"o", b"O")),
    Place((b"3", b"\r"), "client order id", ARROWS, (ESC, ESC), "grid/"),
    Place((b"4",), "worth", (*ARROWS, b"o", b"O", b"\x1b[6~")),
    Place((b"5",), "reconnects", ARROWS),
    Place((b"6",), "severity", (*ARROWS, b"\x1b[6~", b"\x1b[5~")),
    Place((b"7",), "runs of this session", ARROWS),
    Place((b"8",), "THE PAST", (*ARROWS, b"f", b"F", b"+", b"-", b"v")),
    Place((b"8", b"g"), "Go to which moment", (b"0", b":"), (ESC, ESC)),
    Place((b"9",), "all well", ARROWS),
    Place((b"9", b"\t"), "back to the form", (LETTER.encode(),), (ESC, b"k"), "all well"),
    Place((b"1", b"/"), "keeps it", (b"e",), (ESC, ESC)),
    Place((b"1", b"?"), "The selected bot", ARROWS),
    Place((b"1", b"\x10"), "Search for commands", ARROWS),
    Place((b"1", b"T"), "Enter keeps", ARROWS),
    Place((b"1", b"s"), "Stop eth?"),
    Place((b"1", b"x"), "Flatten eth?"),
    Place((b"1", b"!"), "EMERGENCY SHUTDOWN", (b"E", b"M")),
    Place((b"1", b"D"), "Type RESET", (b"R", b"E")),
    Place((b"1", b"n"), "step 1 of 5", ARROWS),
    Place((b"1", b"q"), "keep the orders resting"),
)


def shows(app: ShellTerminal, words: str) -> None:
    """The whole screen is painted anew, and these words are on it."""
    app.resize(*SMALL)
    app.seen = b""
    app.resize(*PLAIN)
    app.sees(words)


def test_no_size_breaks_a_screen_or_a_question_and_no_letter_is_lost(
    engine_home: EngineHome, app: ShellTerminal
) -> None:
    seed = int(os.environ.get("NIMBUS_SEED", "7"))
    print(f"NIMBUS_SEED={seed}")
    chance, letters, sizes, keys, traces = Random(seed), 0, 0, 0, 0
    engine, began = engine_home.about().pid, time.monotonic()
    for place in PLACES:
        for key in place.opens:
            os.write(app.master, key)
            if place.before and key == place.opens[0]:
                shows(app, place.before)
        shows(app, place.words)
        end = time.monotonic() + STORM_S / len(PLACES)
        while time.monotonic() < end:
            app.resize(chance.randint(5, 100), chance.randint(20, 400))
            sizes += 1
            if place.keys:
                key = chance.choice(place.keys)
                os.write(app.master, key)
                letters, keys = letters + (key == LETTER.encode()), keys + 1
            time.sleep(chance.uniform(0.02, 0.2))  # sizes come at random moments
        traces += app.seen.count(b"Traceback")
        app.resize(*PLAIN)
        for key in place.closes:
            os.write(app.master, key)
        os.write(app.master, b"1")
        shows(app, "symbol")
    print(f"{sizes} sizes, {keys} keys, {len(PLACES)} places, {time.monotonic() - began:.0f} s")
    assert traces == 0
    assert letters > 0
    draft = engine_home.home / "here" / "config-draft-1.json"
    until(lambda: written(draft.read_bytes()) == letters, "a letter was lost")
    assert engine_home.about().pid == engine
    assert engine_home.bot().state is BotState.RUNNING


def written(raw: bytes) -> int:
    """How many of the letters are in a draft."""
    return msgspec.json.decode(raw, type=KeptDraft).text.count(LETTER)
