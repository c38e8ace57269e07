"""Secrets as other programs keep them in clear text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.vault.import_formats import Found, secrets_in, taken

TEXT = "text-of-one"


@pytest.mark.parametrize(
    "written",
    [
        "ONE=text-of-one",
        "export ONE=text-of-one",
        "  ONE = text-of-one  ",
        "ONE=text-of-one # a comment",
        'ONE="text-of-one"',
        'ONE="text-of-one" # a comment',
        "ONE='text-of-one'",
        "# first\n\nONE=text-of-one\r\n",
        '{"ONE": "text-of-one"}',
        '\n {"ONE": "text-of-one"}\n',
    ],
)
def test_one_secret_in_every_way_to_write_it(written: str) -> None:
    assert secrets_in(written, "keys") == [Found("ONE", "ONE", TEXT)]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("ONE=abc=def#ghi==", "abc=def#ghi=="),
        (r'ONE="line\nline\t\"x\" \\ $"', 'line\nline\t"x" \\ $'),
        (r"ONE='no\nescape\here'", r"no\nescape\here"),
        ('ONE="a # b and c"', "a # b and c"),
        ("ONE='a # b and c'", "a # b and c"),
        ("ONE=pässwörd-1", "pässwörd-1"),
    ],
)
def test_quotes_comments_and_escapes_mean_what_they_mean_in_a_shell(
    written: str, text: str
) -> None:
    assert [one.text for one in secrets_in(written, "keys")] == [text]


def test_names_that_no_secret_can_have_are_changed_to_the_nearest() -> None:
    found = secrets_in('{"hl agent/1": "text-of-one", "HL_KEY": "text-of-two"}', "keys")
    assert [(one.given, one.name) for one in found] == [
        ("hl agent/1", "hl-agent-1"),
        ("HL_KEY", "HL_KEY"),
    ]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "keys has no secrets: NAME=value lines, or a JSON object"),
        ("# nothing", "has no secrets"),
        ("ONE=text-of-one\nrubbish-and-secret", "keys:2: this is not NAME=value"),
        ("ONE=", "keys:1: ONE is empty"),
        ("ONE=short", "keys:1: ONE has fewer than 8 characters"),
        ('ONE="text-of-one', "keys:1: the quotes are not closed"),
        ("ONE='text-of-one", "keys:1: the quotes are not closed"),
        ('ONE="text-of-one" and more', "quotes are not closed"),
        ("ONE=text-of-one\nONE=text-of-two", "keys:2: ONE and ONE would both be called ONE"),
        ('{"a b": "text-of-one", "a/b": "text-of-two"}', "would both be called a-b"),
        ('{"ONE": 12345678}', "keys: the value of ONE is not a text"),
        ('{"ONE": {"key": "text-of-one"}}', "the value of ONE is not a text"),
        ('{"ONE": "text-of-one"', "keys is no JSON object"),
        ("/=text-of-one", "keys:1: its name can't be"),
        (f"{'4f' * 32}=text-of-one", "keys:1: its name can't be"),
    ],
)
def test_a_file_that_can_not_be_taken_is_told_without_its_secrets(written: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        secrets_in(written, "keys")
    for secret in (TEXT, "rubbish-and-secret", "4f4f", "short ", "12345678"):
        assert secret not in str(caught.value)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_taken_or_told(text: str) -> None:
    try:
        found = secrets_in(text, "keys")
    except ConfigError:
        return
    assert found


def test_what_is_taken_is_a_name_with_another_text() -> None:
    found = [
        Found("a", "a", "text-of-a"),
        Found("b", "b", "text-of-b"),
        Found("c", "c", "new-c-text"),
    ]
    assert taken(found, {"a": "text-of-a", "c": "old-c-text"}) == ["c"]


def test_what_was_found_is_not_shown() -> None:
    assert TEXT not in repr(Found("ONE", "ONE", TEXT))
