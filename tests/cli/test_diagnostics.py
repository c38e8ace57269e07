"""How a command ends, and what it says then."""

import pytest

from nimbus_tui.cli.diagnostics import ExitCode, fail, friendly, say
from nimbus_tui.core.errors import ConfigError, DataError, EngineUnreachable


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ConfigError("bots.toml:1:1: wrong"), ExitCode.USAGE, "bots.toml:1:1: wrong\n"),
        (DataError("x.csv:7: no price"), ExitCode.FAILED, "nimbus-tui: x.csv:7: no price\n"),
        (EngineUnreachable("nobody answers"), ExitCode.FAILED, "nimbus-tui: nobody answers\n"),
        (KeyboardInterrupt(), ExitCode.FAILED, "nimbus-tui: interrupted\n"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_an_exit_code(
    error: BaseException, code: ExitCode, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught, friendly():
        raise error
    assert caught.value.code == code
    assert capsys.readouterr() == ("", words)


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), friendly():
        raise ZeroDivisionError


def test_a_function_can_be_made_friendly_whole(capsys: pytest.CaptureFixture[str]) -> None:
    @friendly()
    def command() -> None:
        raise ConfigError("no such bot")

    with pytest.raises(SystemExit) as caught:
        command()
    assert caught.value.code == 2
    assert capsys.readouterr().err == "no such bot\n"


def test_talk_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say("hello")
    with pytest.raises(SystemExit) as caught:
        fail("the latch is set", ExitCode.EMERGENCY)
    assert caught.value.code == 3
    assert capsys.readouterr() == ("", "hello\nthe latch is set\n")
