from __future__ import annotations

from engine.store import PreferenceStore, Store


def test_preferences_are_saved_replaced_and_forgotten(either: Store) -> None:
    preferences = PreferenceStore(either)
    assert preferences.load_preference("theme", "light") == "light"
    preferences.save_preference("theme", "dark")
    preferences.save_preference("settings", {"top_k": 5, "nested": ["ü", None]})
    preferences.save_preference("theme", "light'\n")
    assert preferences.load_preferences() == {"theme": "light'\n", "settings": {"top_k": 5, "nested": ["ü", None]}}
    preferences.save_preference("theme", None)
    preferences.delete_preference("settings")
    assert preferences.load_preferences() == {}
