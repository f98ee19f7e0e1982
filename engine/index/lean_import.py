"""LanceDB without the client of its catalogue server, which tables in files never speak to.

Importing that package reads nine generated classes of HTTP calls, two fifths of what LanceDB takes to import. LanceDB itself wants
the types of its package ``models`` alone. The package is there, as an import would leave it, and is read when something else of it is wanted.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from types import ModuleType

UNUSED_CLIENT = "lance_namespace_urllib3_client"
_reading = threading.RLock()


class _Deferred(ModuleType):
    """A package whose ``__init__`` runs when a name is wanted that no import of its modules has set."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # what goes through all modules asks each of them for such names
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        with _reading:
            if type(self) is _Deferred:
                self.__class__ = ModuleType
                assert self.__spec__ is not None and self.__spec__.loader is not None
                self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def defer_package(name: str = UNUSED_CLIENT) -> None:
    """Let a package be there unread. Nothing happens when it is imported already, or not installed."""
    if name in sys.modules or (spec := importlib.util.find_spec(name)) is None:
        return
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Deferred
    sys.modules[name] = module
