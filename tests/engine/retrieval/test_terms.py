from __future__ import annotations

import pytest

from engine.retrieval import find_identifiers, index_terms, question_terms, share_of_name


def test_a_passage_is_found_by_an_identifier_and_by_its_parts_a_question_asks_for_it_whole() -> None:
    assert index_terms("KubePodCrashLooping fires") == "KubePodCrashLooping Kube Pod Crash Looping fires"
    assert question_terms("KubePodCrashLooping fires") == "KubePodCrashLooping fires"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("app-95", "app 95 app_95"),
        ("user-profile-import", "user profile import user_profile profile_import"),
        ("v1.2.3", "v1 2 3 v1_2 2_3"),
        ("snake_case_name", "snake case name snake_case case_name"),
        ("E-4021", "E 4021 E_4021"),
        ("kubernetes/core", "kubernetes core kubernetes_core"),
    ],
)
def test_neighbours_in_a_compound_are_joined_on_both_sides(text: str, words: str) -> None:
    assert index_terms(text) == question_terms(text) == words


def test_numbers_that_differ_share_no_joined_word() -> None:
    assert "app_96" not in question_terms("namespace app-95").split()
    assert set(question_terms("app-95").split()) & set(index_terms("app-96").split()) == {"app"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What is the refund?", "refund"),
        ("who are you", "who are you"),
        ("IT and US law", "IT US law"),
        ("refund refund Refund", "refund Refund"),
        ("", ""),
        ("?!", ""),
        ("naïve Ünïcode", "naive Unicode"),
    ],
)
def test_a_question_is_searched_by_its_telling_words_each_once(text: str, words: str) -> None:
    assert question_terms(text) == words


def test_text_without_spaces_becomes_pairs_of_characters() -> None:
    assert index_terms("退款政策 refund") == "退款 款政 政策 refund"
    assert index_terms("水") == "水"
    assert set(question_terms("退款").split()) <= set(index_terms("我们的退款政策").split())
    assert index_terms("מדיניות החזר") == "מדיניות החזר"
    assert index_terms("환불 정책") == "환불 정책"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TargetDown fires", {"targetdown"}),
        ("the E-4021 error", {"e-4021"}),
        ("HTTPServer", {"httpserver"}),
        ("iPhone14", {"iphone14"}),
        ("In 2023 the OECD met", set()),
        ("well-known facts", set()),
    ],
)
def test_identifiers_mix_letters_with_digits_or_have_humps(text: str, found: set[str]) -> None:
    assert find_identifiers(text) == found


def test_the_share_of_a_name_is_counted_in_letters_of_the_best_of_its_names() -> None:
    names = frozenset({"targetdown", "e-4021"})
    assert share_of_name(names, "TargetDown") == 1.0
    assert share_of_name(names, "Error E-4021") == pytest.approx(6 / 11)
    assert share_of_name(names, "Other", "TargetDown") == 1.0
    assert share_of_name(names, "", "Something else") == share_of_name(frozenset(), "TargetDown") == 0.0
