"""What a corpus may be called: its name is part of paths and of addresses."""

from __future__ import annotations

import re

from engine.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def check_corpus_name(corpus: str) -> str:
    """The name.

    Raises:
        InputError: anything but 1 to 80 letters, digits, dots, dashes or underscores that begin with a letter or a digit.
    """
    if not _NAME.fullmatch(corpus):
        raise InputError(
            f"corpus {corpus[:100]!r}: expected up to 80 letters, digits, dots, dashes or underscores.",
            "Choose a name such as my-handbook.",
            fields={"corpus": "expected up to 80 letters, digits, dots, dashes or underscores"},
        )
    return corpus
