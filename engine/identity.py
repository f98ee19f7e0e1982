"""Who is at work: the name that labels, sign-offs, edits and queued runs carry."""

from __future__ import annotations

import getpass
import os

NOBODY = "somebody"


def find_person() -> str:
    """``PHASEGATE_USER``, else the name this process runs under."""
    named = os.environ.get("PHASEGATE_USER", "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for its user
        return NOBODY
