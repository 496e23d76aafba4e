"""Literals under names of secrets: masked as they enter a summary, which the cache keeps."""

from __future__ import annotations

import itertools
import re

from extractor.summary.expr import (
    Alternatives,
    Constant,
    Expr,
    SequenceDisplay,
)
from extractor.text.code_masking import is_name_of_secret, masked_under
from extractor.text.shapes import masked_literal

_READS_A_NAME = re.compile(r"get|env|set|config|str|secret|var", re.IGNORECASE)  # environ.get("TOKEN", "default")
_HOLDING = (Constant, Alternatives, SequenceDisplay)
Named = tuple[str | None, Expr]


def literal(text: str) -> Constant:
    """The literal, without the secrets that its own shape gives away."""
    return Constant(masked_literal(text))


def under_name(name: str, value: Expr) -> Expr:
    """What is bound to a name, given as an argument of that name or put under it as a key."""
    return _masked(name, value) if isinstance(value, _HOLDING) and is_name_of_secret(name) else value


def under_key(key: Expr | None, value: Expr) -> Expr:
    """The same where the name is an expression: only a literal one says anything."""
    return under_name(key.value, value) if isinstance(key, Constant) and isinstance(key.value, str) else value


def in_arguments(
    called: str, args: tuple[Expr, ...], kwargs: tuple[Named, ...]
) -> tuple[tuple[Expr, ...], tuple[Named, ...]]:
    """The arguments of what is called by this last name, without their secrets: those under a keyword, the password of
    `auth=`, `…Auth()` and `login()`, and what is given beside the name of a secret (`getenv("TOKEN", "…")`,
    `get(name="TOKEN", default="…")`)."""
    named = tuple([(name, _keyword(name, value)) for name, value in kwargs])
    if called.endswith("Auth") or called == "login":
        args = _pair(args)
    asked = args[0] if args else next((value for name, value in kwargs if name == "name"), None)
    if _names_a_secret(asked) and _READS_A_NAME.search(called):
        args = (*args[:1], *[under_key(asked, value) for value in args[1:]])
        named = tuple([(name, under_key(asked, value) if name == "default" else value) for name, value in named])
    return args, named


def in_command(items: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The items of a list without the secrets that stand behind their options in a command (`["--token", "…"]`,
    `["-u", "user:…"]` of curl)."""
    if not any(isinstance(item, Constant) and _is_option(item.value) for item in items):
        return items
    is_curl = isinstance(items[0], Constant) and items[0].value == "curl"
    return (items[0], *(_behind(option, item, is_curl) for option, item in itertools.pairwise(items)))


def _is_option(value: object) -> bool:
    return isinstance(value, str) and value.startswith("-")


def _behind(option: Expr, item: Expr, is_curl: bool) -> Expr:
    if not (isinstance(option, Constant) and isinstance(item, Constant) and isinstance(item.value, str)):
        return item
    if is_curl and option.value in ("-u", "--user"):
        user, colon, password = item.value.partition(":")
        return Constant(f"{user}{colon}{masked_under('password', password)}")
    if _is_option(option.value) and not _is_option(item.value):
        return under_name(str(option.value).lstrip("-"), item)
    return item


def _names_a_secret(value: Expr | None) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, str) and is_name_of_secret(value.value)


def _keyword(name: str | None, value: Expr) -> Expr:
    if name == "auth" and isinstance(value, SequenceDisplay):
        return SequenceDisplay(_pair(value.items))
    return value if name is None else under_name(name, value)


def _pair(values: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """A user and a password: the last of two or more is a secret."""
    return (*values[:-1], _masked("password", values[-1])) if len(values) > 1 else values


def _masked(name: str, value: Expr) -> Expr:
    if isinstance(value, Constant):
        return Constant(masked_under(name, value.value)) if isinstance(value.value, str) else value
    if isinstance(value, Alternatives):
        return Alternatives(tuple([_masked(name, one) for one in value.values]), value.guard)
    if isinstance(value, SequenceDisplay):
        return SequenceDisplay(tuple([_masked(name, one) for one in value.items]))
    return value
