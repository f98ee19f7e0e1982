"""Packages of which one module is wanted, without all that their ``__init__`` reads; it costs every process seconds.

Python runs the ``__init__`` of a package before any of its modules. A deferred package is there as an import would leave it: its
modules can be imported, and its ``__init__`` runs when a name is wanted that is none of them.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_reading = threading.RLock()


class _Deferred(ModuleType):
    """A package whose ``__init__`` has not run."""

    def __getattr__(self, name: str) -> object:
        # What goes through all modules asks each of them for such names; "from package import *" asks for __all__.
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if sys.modules.get(self.__name__) is not self:  # forgotten since: another one has taken its place, or will
            return getattr(importlib.import_module(self.__name__), name)
        if importlib.util.find_spec(f"{self.__name__}.{name}") is not None:
            return importlib.import_module(f"{self.__name__}.{name}")
        with _reading:
            if type(self) is _Deferred:
                self.__class__ = ModuleType
                assert self.__spec__ is not None and self.__spec__.loader is not None
                self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def defer_package(name: str) -> None:
    """Let a package be there unread. Nothing happens when it is imported already, or not installed."""
    if name in sys.modules or (spec := importlib.util.find_spec(name)) is None:
        return
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Deferred
    sys.modules[name] = module


@contextmanager
def deferred_meanwhile(*names: str) -> Iterator[None]:
    """Defer packages while a block imports what wants a module of them, then forget them: the next import reads them whole.

    For packages whose modules import each other in circles, which end well only when they begin at the ``__init__``.
    """
    if names[0] in sys.modules:
        yield
        return
    for name in names:
        defer_package(name)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == names[0]]:
            del sys.modules[name]
