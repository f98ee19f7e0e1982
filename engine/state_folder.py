"""The state folder belongs to one person: it is made with mode 0700, and what is private in it with mode 0600."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from engine.settings import home

FOLDER_MODE, FILE_MODE = 0o700, 0o600


def prepare_home() -> Path:
    """``PHASEGATE_HOME``, made when it is not there. One that is there keeps its mode: somebody may share it on purpose.

    Raises:
        OSError: it cannot be made.
    """
    folder = home()
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return folder


@contextmanager
def append_private(path: Path) -> Iterator[TextIO]:
    """A file to append lines to, readable by its owner alone; folders are made on the way.

    Raises:
        OSError: it cannot be written.
    """
    prepare_home()
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE), "a", encoding="utf-8") as file:
        yield file
