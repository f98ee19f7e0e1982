"""Secrets of targets: taken from environment variables when a question is asked, never kept, never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from engine.errors import InputError

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Names of headers, parameters and variables whose value is a secret.
SECRET_NAME = re.compile(
    r"(^|[-_.])(authorization|auth|api[-_]?key|key|(access|auth|bearer|id|refresh|session)?[-_]?token|secret"
    r"|pass(word|wd|phrase)?|cookie|credentials?|signature)$",
    re.IGNORECASE,
)
# What stands before a secret in a header: ``Bearer ${TOKEN}``.
_SCHEME = re.compile(r"[A-Za-z-]{0,16}[ =]?")
_LOOKS_SECRET = re.compile(
    r"\b(sk-|pk-|ghp_|gho_|github_pat_|xox[abpr]-|AKIA|AIza|glpat-|hf_|eyJ)[\w.-]{8,}"
    r"|\b(?=[A-Za-z0-9_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_-]{32,}\b"
)
SHORTEST_SECRET = 6
MASK = "***"


def find_variables(texts: Iterable[str]) -> tuple[str, ...]:
    """Names of the environment variables that texts refer to, each once."""
    return tuple(dict.fromkeys(name for text in texts for name in VARIABLE.findall(text)))


def fill_variables(text: str) -> str:
    """A text with the values of its environment variables.

    Raises:
        InputError: one is not set.
    """
    check_variables(find_variables([text]))
    return VARIABLE.sub(lambda found: os.environ[found[1]], text)


def check_variables(names: Iterable[str]) -> None:
    """Refuse to go on without a variable.

    Raises:
        InputError: names the missing ones.
    """
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise InputError(
            f"The target needs the environment variable{'s'[: len(missing) > 1]} {', '.join(missing)}, which"
            f" {'is' if len(missing) == 1 else 'are'} not set.",
            f"Set it before the command: export {missing[0]}=... (the app sees it after a restart).",
        )


def find_literal_secret(name: str, value: str) -> str:
    """What is wrong with a value that holds a secret in plain text; empty when nothing is.

    The message never repeats the value.
    """
    bare = VARIABLE.sub("", value)
    if SECRET_NAME.search(name) and not (VARIABLE.search(value) and _SCHEME.fullmatch(bare)):
        return f"expected the value from an environment variable, such as ${{MY_TOKEN}}; found {name} written out"
    if _LOOKS_SECRET.search(bare):
        return f"{name} looks like a secret written out; expected an environment variable, such as ${{MY_TOKEN}}"
    return ""


def find_secret_in_url(url: str) -> str:
    """What is wrong with an address that holds a secret; empty when nothing is."""
    parts = urlsplit(url)
    if parts.username is not None and VARIABLE.sub("", parts.netloc.rpartition("@")[0]).strip(":"):
        return "expected no name or password in the address; put them into a header with an environment variable"
    return next(filter(None, (find_literal_secret(n, v) for n, v in parse_qsl(parts.query))), "")


def find_secret_in_body(value: object, name: str = "") -> str:
    """What is wrong with a template that holds a secret; empty when nothing is."""
    if isinstance(value, Mapping):
        return next(filter(None, (find_secret_in_body(v, str(k)) for k, v in value.items())), "")
    if isinstance(value, list):
        return next(filter(None, (find_secret_in_body(v, name) for v in value)), "")
    if isinstance(value, str) and SECRET_NAME.search(name):
        return find_literal_secret(name, value)
    return ""


def show_address(url: str) -> str:
    """An address without name, password, query and fragment, for messages."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def is_remote(url: str) -> bool:
    """Whether an address is that of another machine."""
    host = urlsplit(url).hostname or ""
    return not (host in ("localhost", "::1") or host.startswith("127."))


def mask_secrets(text: str, names: Iterable[str] = ()) -> str:
    """A text without the values of the named variables and of all whose name says that they are secret."""
    for value in sorted(set(_secret_values(names)), key=len, reverse=True):
        text = text.replace(value, MASK)
    return text


def _secret_values(names: Iterable[str]) -> Iterator[str]:
    named = set(names)
    for name, value in os.environ.items():
        if len(value) >= SHORTEST_SECRET and (name in named or SECRET_NAME.search(name)):
            yield value
