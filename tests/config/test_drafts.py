"""What was typed and not saved: kept for its owner alone, and never for two editors at once."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from nimbus_tui.config.drafts import MOST, DraftFile, KeptDraft
from nimbus_tui.control.config_change import ConfigText, text_hash

PATH = "/home/kim/home.toml"
BASE = ConfigText(text="a = 1\n", path=PATH, hash=text_hash("a = 1\n"), running_hash="")
DRAFT = KeptDraft(base=BASE, text="a = 2\n", new_bot="eth-grid")


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def content(draft: KeptDraft | None) -> KeptDraft | None:
    return None if draft is None else msgspec.structs.replace(draft, kept_at_ns=0)


def test_a_draft_is_found_by_the_next_editor_and_names_when_it_was_written(tmp_path: Path) -> None:
    first = DraftFile(tmp_path / "home")
    assert first.keep(DRAFT) == ""
    first.release()
    found = DraftFile(tmp_path / "home").take_up(PATH)
    assert content(found) == DRAFT
    assert found is not None
    assert found.kept_at_ns == (tmp_path / "home" / "config-draft-1.json").stat().st_mtime_ns


def test_a_draft_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        draft = DraftFile(tmp_path)
        draft.keep(DRAFT)
        draft.keep(msgspec.structs.replace(DRAFT, text="a = 3\n"))
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]


def test_a_pasted_key_is_never_written_and_what_was_kept_before_stays(tmp_path: Path) -> None:
    draft, key = DraftFile(tmp_path), "0x" + "5f" * 32
    assert draft.keep(DRAFT) == ""
    assert "holds a private key" in draft.keep(msgspec.structs.replace(DRAFT, text=f"a = {key!r}"))
    draft.release()
    assert all(key not in path.read_text() for path in tmp_path.iterdir())
    assert content(DraftFile(tmp_path).take_up(PATH)) == DRAFT


def test_a_draft_of_an_open_editor_is_not_offered_to_another(tmp_path: Path) -> None:
    first, second = DraftFile(tmp_path), DraftFile(tmp_path)
    for text in ("a = 2\n", "a = 3\n"):
        first.keep(msgspec.structs.replace(DRAFT, text=text))
        assert second.take_up(PATH) is None
    second.keep(msgspec.structs.replace(DRAFT, text="b = 1\n"))
    assert kept(tmp_path) == ["config-draft-1.json", "config-draft-2.json"]
    first.release()
    second.release()
    third = DraftFile(tmp_path)
    newest = third.take_up(PATH)
    assert newest is not None
    assert newest.text == "b = 1\n"
    third.drop()
    assert content(third.take_up(PATH)) == msgspec.structs.replace(DRAFT, text="a = 3\n")


def test_what_is_dropped_is_gone_and_what_is_taken_up_is_written_on(tmp_path: Path) -> None:
    first = DraftFile(tmp_path)
    first.keep(DRAFT)
    first.release()
    second = DraftFile(tmp_path)
    second.take_up(PATH)
    second.keep(msgspec.structs.replace(DRAFT, text="a = 4\n"))
    assert kept(tmp_path) == ["config-draft-1.json"]
    second.drop()
    assert kept(tmp_path) == []


def test_the_draft_of_another_config_and_what_is_no_draft_stay_where_they_are(
    tmp_path: Path,
) -> None:
    other = DraftFile(tmp_path)
    other.keep(DRAFT)
    other.release()
    (tmp_path / "config-draft-2.json").write_text("{")
    assert DraftFile(tmp_path).take_up("/home/kim/other.toml") is None
    assert len(kept(tmp_path)) == 2


def test_a_draft_outlives_a_process_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from nimbus_tui.config.drafts import DraftFile\n"
        "from tests.config.test_drafts import DRAFT\n"
        "DraftFile(Path(sys.argv[1])).keep(DRAFT)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": root},
        check=False,
    )
    assert done.returncode == -9
    assert content(DraftFile(tmp_path).take_up(PATH)) == DRAFT


def test_what_can_not_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = DraftFile(tmp_path / "file" / "home").keep(DRAFT)
    assert said == "what you type can't be kept beside the engine: Not a directory"
    for number in range(1, MOST + 1):
        (tmp_path / f"config-draft-{number}.json").write_text("")
    assert "9 drafts are in" in DraftFile(tmp_path).keep(DRAFT)


@pytest.mark.parametrize("text", ["", "ä € 漢\n"])
def test_a_draft_keeps_every_letter(tmp_path: Path, text: str) -> None:
    first = DraftFile(tmp_path)
    first.keep(msgspec.structs.replace(DRAFT, text=text))
    first.release()
    found = DraftFile(tmp_path).take_up(PATH)
    assert found is not None
    assert found.text == text
