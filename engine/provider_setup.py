"""Setting providers up, switching them on and off, and putting them in order. Each change leaves an audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.errors import SettingError, UnknownNameError
from engine.providers.specs import PRESETS, ProviderSpec, build_provider
from engine.store import Store
from engine.store.providers import ProviderStore


def save_provider(store: Store, name: str, given: Mapping[str, Any], who: str, *, new: bool = False) -> ProviderSpec:
    """Set a provider up, or change what is given of one that is there. A new one is asked after the others.

    Args:
        new: refuse a name that is taken.

    Raises:
        SettingError: a field is unknown or cannot be; nothing was changed.
    """
    providers = ProviderStore(store)
    saved = {spec.name: spec for spec in providers.list_providers()}
    name = name.strip()
    if new and name in saved:
        raise SettingError(f"There is a provider called {name} already.", "Choose another name, or change that one.")
    before = saved[name].as_json() if name in saved else {"priority": _next_priority(saved)}
    spec = build_provider({**before, **given, "name": name})
    providers.save_provider(spec, who)
    return spec


def fill_preset(title: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a preset, ``given`` in place of its own.

    Raises:
        UnknownNameError: no such preset.
    """
    by_name = {**PRESETS, **{fields["name"]: fields for fields in PRESETS.values()}}
    if title not in by_name:
        raise UnknownNameError("preset", title, (fields["name"] for fields in PRESETS.values()))
    return {**by_name[title], **given}


def switch_provider(store: Store, name: str, on: bool, who: str) -> None:
    """Ask a provider from now on, or leave it out.

    Raises:
        UnknownNameError: there is none of that name.
    """
    providers = ProviderStore(store)
    providers.save_provider(replace(providers.load_provider(name), enabled=on), who)


def move_provider(store: Store, name: str, steps: int, who: str) -> None:
    """Ask a provider earlier (-1) or later (1) than its neighbour.

    Raises:
        UnknownNameError: there is none of that name.
    """
    providers = ProviderStore(store)
    providers.load_provider(name)
    names = [spec.name for spec in providers.list_providers()]
    place = names.index(name)
    names.insert(max(0, place + steps), names.pop(place))
    providers.order_providers(names, who)


def _next_priority(saved: Mapping[str, ProviderSpec]) -> int:
    return max((spec.priority for spec in saved.values()), default=0) + 1
