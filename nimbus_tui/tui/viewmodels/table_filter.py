"""What one types to find rows: words, and terms like `side:buy` or `-state:filled`."""

from collections.abc import Collection, Mapping
from typing import NamedTuple


class Term(NamedTuple):
    """One condition; `field` is empty for a word that may stand anywhere."""

    field: str
    values: tuple[str, ...]
    """Any of them, or its beginning or middle, is enough."""
    is_not: bool = False


Filter = tuple[Term, ...]
"""All of them must hold."""


def parsed(text: str, fields: Collection[str]) -> Filter:
    """The terms of a text; a name before a colon that is no field's is part of a word."""
    terms = []
    for word in text.lower().split():
        is_not = word.startswith("-")
        bare = word.removeprefix("-")
        field, colon, value = bare.partition(":")
        if colon and field in fields:
            values = tuple(part for part in value.split(",") if part)
            if values:  # nothing is asked for while somebody is still typing
                terms.append(Term(field, values, is_not))
        elif bare:
            terms.append(Term("", (bare,), is_not))
    return tuple(terms)


def matches(terms: Filter, facets: Mapping[str, str], words: str) -> bool:
    """Whether a row is what is looked for; letters count alike, large or small."""
    return all(_holds(term, facets, words) is not term.is_not for term in terms)


def _holds(term: Term, facets: Mapping[str, str], words: str) -> bool:
    text = (facets.get(term.field, "") if term.field else words).lower()
    return any(value in text for value in term.values)


def asked_for(terms: Filter, field: str, known: Collection[str]) -> tuple[str, ...]:
    """Which of the known values of a field can match at all; empty where that says nothing."""
    wanted = [term for term in terms if term.field == field]
    if not wanted:
        return ()
    return tuple(
        value for value in known if all(matches((term,), {field: value}, "") for term in wanted)
    )
