"""Every error that Phasegate raises on purpose.

    PhasegateError                  exit 4: the machine or the program failed
    ├── InputError                  exit 2: what the person gave cannot be used
    │   ├── SettingError            a setting: unknown, of the wrong type, out of range
    │   ├── FileFormatError         a suite, case, roadmap or corpus file: path, line, field
    │   ├── UnknownNameError        a corpus, suite, run, roadmap, ... that does not exist
    │   ├── IndexMismatchError      an index made by another embedding model
    │   └── RefusedError            what a guard does not let through
    ├── ModelFileError              the bundled model is missing or is not the published one
    ├── StoreError                  the store cannot be opened, read or written
    │   └── StoreLockedError        another program holds the store's file
    ├── IndexDamagedError           a corpus's index cannot be read; it is built again from the documents
    ├── DiskFullError               no space left; nothing half-written is kept
    ├── LimitError                  busy; `retry_after_s` says when to come again
    │   └── QuotaError              more requests than one asker or one address may make
    ├── AccessError                 no token, a wrong one, or one that may not do this
    ├── TargetError                 the system under test did not answer as agreed; one case's error
    └── ProviderError               a remote model failed; `fails_over` says whether another may try

A message says what failed, on what, what was expected and what was found. The hint says what to do next. The guide is
the page of ``docs/guide`` that explains the error at length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path


class PhasegateError(Exception):
    """Root of the tree. ``str(error)`` is the message; ``hint`` and ``guide`` are shown beside it."""

    exit_code = 4
    guide = "docs/guide/errors.md"

    def __init__(self, message: str, hint: str = "", *, guide: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if guide:
            self.guide = guide


class InputError(PhasegateError):
    """What the person gave cannot be used; nothing was changed. ``fields``: what is wrong with which field, where known."""

    exit_code = 2
    guide = "docs/guide/errors.md#input"

    def __init__(
        self, message: str, hint: str = "", *, guide: str = "", fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, hint, guide=guide)
        self.fields = dict(fields or {})


class SettingError(InputError):
    """A setting is unknown, of the wrong type or out of range."""

    guide = "docs/guide/errors.md#settings"


class FileFormatError(InputError):
    """A file breaks its format. The message names the file, the line and the field where they are known."""

    guide = "docs/guide/errors.md#files"

    def __init__(
        self, path: Path | str, problem: str, *, line: int | None = None, field: str | None = None, hint: str = ""
    ) -> None:
        where = str(path) + (f", line {line}" if line is not None else "") + (f", field {field!r}" if field else "")
        super().__init__(f"{where}: {problem}", hint or "Mend the file and run the command again.")
        self.path, self.line, self.field = str(path), line, field


class UnknownNameError(InputError):
    """A name that nothing carries. The message lists the known ones."""

    guide = "docs/guide/errors.md#names"

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        names = ", ".join(sorted(known)) or "none yet"
        super().__init__(f"There is no {kind} called {name!r}. Known: {names}.", hint)
        self.kind, self.name = kind, name


class IndexMismatchError(InputError):
    """The index was made by another embedding model than the settings ask for."""

    guide = "docs/guide/errors.md#index"


class RefusedError(InputError):
    """A guard does not let the text through. Nothing was asked of anyone."""

    guide = "docs/guide/errors.md#guards"


class ModelFileError(PhasegateError):
    """The bundled model's files are missing or are not the published ones."""

    guide = "docs/guide/errors.md#model"


class StoreError(PhasegateError):
    """The store cannot be opened, read or written."""

    guide = "docs/guide/errors.md#store"


class StoreLockedError(StoreError):
    """Another program holds the store's file and does not answer."""


class IndexDamagedError(PhasegateError):
    """Files of a corpus's index are missing or damaged. The documents are not: the index can be built again."""

    guide = "docs/guide/errors.md#damage"


class DiskFullError(PhasegateError):
    """No space left on the disk. What was complete before is still there."""

    guide = "docs/guide/errors.md#disk"


class LimitError(PhasegateError):
    """Too much at once, or over a quota. The same request may go well after ``retry_after_s`` seconds."""

    guide = "docs/guide/errors.md#limits"

    def __init__(self, message: str, hint: str = "", *, retry_after_s: float) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class QuotaError(LimitError):
    """More requests than one asker or one address may make in a minute."""


class AccessError(PhasegateError):
    """No token, a wrong or expired one, or one that may not do this."""

    exit_code = 2
    guide = "docs/guide/errors.md#access"


class TargetError(PhasegateError):
    """The system under test did not answer as agreed. It is the error of one case, and never ends a run."""

    guide = "docs/guide/errors.md#targets"


class ProviderError(PhasegateError):
    """A remote model failed.

    Attributes:
        kind: what failed, in a word for records and metrics (``RateLimitError``, ``EmptyAnswer``).
        retry_after_s: seconds after which the provider wants to be asked again; None where it did not say.
    """

    guide = "docs/guide/errors.md#providers"

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        fails_over: bool = False,
        kind: str = "ProviderError",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.fails_over, self.kind, self.retry_after_s = fails_over, kind, retry_after_s
