"""Where suites are found by name: those that come with Phasegate, and those of the home folder."""

from __future__ import annotations

from pathlib import Path

from engine.settings import DATASETS, home


def list_suites(root: Path = DATASETS) -> list[str]:
    """Names of the suites that are found by name, sorted: the shipped ones and those of the home folder."""
    shipped = list_shipped_suites(root)
    return sorted({*shipped, *(folder.name for folder in list_home_folders() if not find_shadowed(folder, root))})


def list_shipped_suites(root: Path = DATASETS) -> list[str]:
    """Names of the suites that come with Phasegate, sorted."""
    return sorted(p.parent.name for p in (root / "suites").glob("*/suite.yaml"))


def home_suites() -> Path:
    """Where suites of one's own live that are found by name."""
    return home() / "suites"


def list_home_folders() -> list[Path]:
    """The folders of the home's suites, broken ones and those with a shipped suite's name too."""
    found = home_suites().glob("*/suite.yaml")
    return sorted(path.parent for path in found if not path.parent.name.startswith("."))


def find_named_folder(name: str, root: Path = DATASETS) -> Path | None:
    """The folder of the suite that is found by this name, shipped or of the home; None when there is none."""
    if name in list_shipped_suites(root):
        return (root / "suites" / name).resolve()
    return (home_suites() / name).resolve() if name in list_suites(root) else None


def find_shadowed(folder: Path, root: Path = DATASETS) -> str:
    """The shipped suite whose name a folder bears, letter case aside."""
    return next((name for name in list_shipped_suites(root) if name.casefold() == folder.name.casefold()), "")
