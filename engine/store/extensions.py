"""DuckDB's Quack protocol, loaded from the installed wheels: no download, nothing written to ``~/.duckdb``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import StoreError
from engine.store.literals import quote_text

if TYPE_CHECKING:
    import duckdb

# Unsigned is only for the time of loading. Checking the signatures reads 54 MB and takes 80 ms in every process; the
# files come from the same hash-pinned wheels as DuckDB's own library, which nothing checks either.
CONFIG = {
    "memory_limit": "512MB",  # enough for the screens over 100,000 cases; by default four fifths of the machine
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_unsigned_extensions": "true",
}
# httpfs carries Quack's HTTP. A proxy from the environment must not come between two processes of one machine, and
# retries are ours to make: an owner that went away does not come back at the same address.
_SETTINGS = (
    "SET allow_unsigned_extensions = false",
    "SET httpfs_client_implementation = 'httplib'",
    "SET http_proxy = ''",
    "SET http_retries = 0",
)


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``quack_serve`` and ``ATTACH 'quack:...'`` available."""
    for name in ("httpfs", "quack"):
        connection.execute(f"LOAD {quote_text(str(_find_extension(name)))}").fetchall()
    for setting in _SETTINGS:
        connection.execute(setting).fetchall()


def _find_extension(name: str) -> Path:
    import duckdb

    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    folder = Path(spec.origin).parent if spec and spec.origin else Path("missing")
    path = folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not path.is_file():
        raise StoreError(
            f"DuckDB {duckdb.__version__} has no {name} extension installed: {path} is missing.",
            "Install the pinned packages again: make run, or pip install -r requirements.txt.",
        )
    return path
