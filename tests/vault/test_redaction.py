"""No secret leaves in any of its usual disguises; what only looks like one stays."""

import base64
import json
import traceback
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.secret import HIDDEN
from nimbus_tui.vault.redaction import Redactor

KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
DIGITS = KEY[2:]
OTHER = "9f" * 32
HASH = "0x" + "7d" * 32
PHRASE = 'p&ss "wörd" 100%/\\'


def knowing(*texts: str) -> Redactor:
    return Redactor(lambda: frozenset(texts))


DISGUISES = {
    "as it is": KEY,
    "without 0x": DIGITS,
    "upper case": DIGITS.upper(),
    "0X": "0X" + DIGITS.upper(),
    "mixed case": DIGITS[:20].upper() + DIGITS[20:],
    "as a number": str(int(DIGITS, 16)),
    "as bytes": repr(bytes.fromhex(DIGITS))[2:-1],
    "bytes in base64": base64.b64encode(bytes.fromhex(DIGITS)).decode(),
    "text in base64": base64.b64encode(KEY.encode()).decode(),
    "as an argument of a call": f"sign({KEY!r})",
    "glued to a word": f"key{DIGITS}end",
    "in a longer number": f"0x{OTHER}{DIGITS}{OTHER}",
}


@pytest.mark.parametrize("form", DISGUISES.values(), ids=DISGUISES)
def test_a_key_is_found_in_every_disguise(form: str) -> None:
    told = knowing(KEY)(f"before {form} after")
    assert form not in told
    assert DIGITS not in told.lower()
    assert HIDDEN in told
    assert told.startswith("before ")
    assert told.endswith(" after")


@pytest.mark.parametrize(
    "form",
    [
        PHRASE,
        repr(PHRASE),
        ascii(PHRASE),
        json.dumps(PHRASE),
        json.dumps(PHRASE, ensure_ascii=False),
        urllib.parse.quote(PHRASE),
        urllib.parse.quote_plus(PHRASE),
        urllib.parse.urlencode({"k": PHRASE}),
        repr(PHRASE.encode()),
        PHRASE.encode().hex(),
        PHRASE.encode().hex().upper(),
    ],
)
def test_a_text_is_found_as_programs_write_it(form: str) -> None:
    told = knowing(PHRASE)(f"before {form} after")
    for part in ("p&ss", "wörd", "100%", "p%26ss", "w\\xf6rd", "7026"):
        assert part not in told
    assert HIDDEN in told


@pytest.mark.parametrize("before", [b"", b"u:", b"user:", b"a longer user:"])
def test_a_password_in_a_basic_header_is_found(before: bytes) -> None:
    header = base64.b64encode(before + PHRASE.encode()).decode()
    told = knowing(PHRASE)(f"Authorization: Basic {header}")
    assert base64.b64encode(PHRASE.encode()).decode()[4:-4] not in told
    assert HIDDEN in told
    assert told.index(HIDDEN) <= len("Authorization: Basic ") + len(header) - 24


def test_a_key_of_several_lines_is_found_line_by_line() -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", "MC4CAQAwBQYDK2VwBCIEIOdE", "-----END PRIVATE KEY-----"]
    told = knowing("\n".join(lines))(f"{lines[1]}\nand\n" + "\n".join(lines))
    assert lines[1] not in told


def test_a_secret_that_is_known_later_is_redacted_from_then_on() -> None:
    texts: set[str] = set()
    redact = Redactor(lambda: frozenset(texts))
    assert redact("swordfish") == "swordfish"
    texts.add("swordfish")
    assert redact("swordfish") == HIDDEN


def test_a_longer_secret_goes_before_one_that_is_part_of_it() -> None:
    assert knowing("battery", "battery-staple")("battery-staple") == HIDDEN


@pytest.mark.parametrize(
    "text",
    [
        f"the key {KEY} is wrong",
        f"bad scalar {DIGITS}",
        f'    wallet = Account("{KEY}")',
        f"private_key={OTHER}",
        "api_secret: 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j'",
        "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIO\n-----END EC PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMHcCAQEEIO and no end",
    ],
)
def test_what_looks_like_a_private_key_is_taken_out_unknown(text: str) -> None:
    told = knowing()(text)
    assert HIDDEN in told
    for secret in (DIGITS, OTHER, "NhqPtmd", "MHcCAQEEIO"):
        assert secret not in told


@pytest.mark.parametrize(
    "text",
    [
        f"hash {HASH}",
        f'{{"hash":"{HASH}"}}',
        f"tx={HASH}",
        f"Transaction: {HASH}",
        "sha256 " + OTHER,
        "cloid 0x" + "ab" * 16,
        "account 0x" + "ab" * 20,
        "signature 0x" + "ab" * 65,
        "secret = hl-agent",
        "the API key is missing",
        "Oid 123456789012345678901234567890",
        "price 1234.5678",
    ],
)
def test_hashes_ids_and_names_stay(text: str) -> None:
    assert knowing(KEY)(text) == text


AROUND = st.text(st.characters(codec="utf-8"), max_size=30)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=8, max_size=80)
WRAPPINGS = st.sampled_from(
    [
        str,
        str.upper,
        str.lower,
        urllib.parse.quote,
        urllib.parse.quote_plus,
        lambda text: repr(text)[1:-1],
        lambda text: ascii(text)[1:-1],
        lambda text: json.dumps(text)[1:-1],
    ]
)


@settings(deadline=None)
@given(text=TEXTS, before=AROUND, after=AROUND, wrap=WRAPPINGS)
def test_no_text_is_told_whatever_it_is(
    text: str, before: str, after: str, wrap: Callable[[str], str]
) -> None:
    hidden = wrap(text)
    told = knowing(text)(f"{before}{hidden}{after}")
    assert HIDDEN in told
    assert hidden not in told or hidden in HIDDEN


@settings(deadline=None)
@given(number=st.integers(2**200, 2**256 - 1), before=AROUND, after=AROUND)
def test_no_key_is_told_in_hex_or_decimal(number: int, before: str, after: str) -> None:
    redact = knowing(f"0x{number:064x}")
    for form in (f"{number:064x}", f"{number:x}", f"{number:X}", str(number), hex(number)):
        assert form not in redact(f"{before} {form} {after}")


@settings(deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="0123456789abcdefABCDEF")))
def test_a_text_without_secrets_comes_out_as_it_is(text: str) -> None:
    assert knowing("correct-horse-battery")(text) == text


def test_a_traceback_with_the_key_in_message_and_source_line_is_safe() -> None:
    try:
        raise ValueError("0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
    except ValueError as error:
        told = knowing()("".join(traceback.format_exception(error)))
    assert DIGITS not in told
    assert told.count(HIDDEN) == 2
    assert "test_redaction.py" in told
