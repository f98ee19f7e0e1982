from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

from engine.evaluation.sweep_search import BayesianSearch, Search, build_search, draw_random, iterate_grid
from engine.evaluation.sweep_space import parse_space

Score = Callable[[dict[str, Any]], float | None]


def drive(search: Search, score: Score, count: int) -> list[dict[str, Any]]:
    asked = []
    while len(asked) < count and (values := search.ask()) is not None:
        asked.append(values)
        search.tell(score(values))
    return asked


def near_300(values: dict[str, Any]) -> float:
    return -abs(values["chunk_size"] - 300) / 100 + (values["mode"] == "dense")


def test_a_grid_has_every_combination_once_and_cuts_documents_seldom() -> None:
    space = parse_space(["top_k=1,2,3", "chunk_size=100,200"], "grid")
    found = list(iterate_grid(space))
    assert len({tuple(v.items()) for v in found}) == len(found) == 6
    assert [v["chunk_size"] for v in found] == [100] * 3 + [200] * 3
    assert list(found[0]) == ["top_k", "chunk_size"]


def test_random_draws_differ_follow_the_seed_and_use_a_small_space_up() -> None:
    space = parse_space(["top_k=1:3", "mode=hybrid,dense,lexical"], "random")
    drawn = list(draw_random(space, seed=1))
    assert len({tuple(v.items()) for v in drawn}) == len(drawn) == 9
    assert drawn == list(draw_random(space, seed=1)) != list(draw_random(space, seed=2))


def test_the_bayesian_search_finds_more_than_chance_in_the_same_number_of_trials() -> None:
    space = parse_space(["chunk_size=100:3000", "mode=hybrid,dense,lexical"], "bayesian")
    learned = drive(build_search("bayesian", space, seed=3), near_300, 40)
    drawn = drive(build_search("random", space, seed=3), near_300, 40)
    assert len(learned) == len(drawn) == 40
    late = [near_300(v) for v in learned[20:]]
    assert sum(late) / 20 > sum(map(near_300, drawn)) / 40 + 1
    assert max(map(near_300, learned)) > 0.5


def test_asking_again_with_the_same_answers_gives_the_same_trials() -> None:
    """This is how an interrupted sweep is resumed."""
    space = parse_space(["chunk_size=100:3000", "mode=hybrid,dense,lexical"], "bayesian")
    assert drive(BayesianSearch(space, 5), near_300, 25) == drive(BayesianSearch(space, 5), near_300, 25)


def test_the_bayesian_search_tries_all_of_a_small_space_and_then_ends() -> None:
    space = parse_space(["top_k=1,2,3", "mode=hybrid,dense"], "bayesian")
    asked = drive(BayesianSearch(space, 0), lambda v: float(v["top_k"]), 10_000)
    assert len({tuple(v.values()) for v in asked}) == 6
    assert len(asked) < 200


def test_what_could_not_be_tried_does_not_stop_the_bayesian_search() -> None:
    space = parse_space(["chunk_size=100:3000", "mode=hybrid,dense,lexical"], "bayesian")
    asked = drive(BayesianSearch(space, 1), lambda v: None if v["chunk_size"] > 1000 else near_300(v), 40)
    assert len(asked) == 40
    assert any(v["chunk_size"] <= 1000 for v in asked[20:])


def test_optuna_is_imported_for_a_bayesian_search_alone() -> None:
    code = (
        "import sys, engine.cli, engine.sweeps\n"
        "from engine.evaluation.sweep_search import build_search\n"
        "from engine.evaluation.sweep_space import parse_space\n"
        "build_search('grid', parse_space(['top_k=1,2'], 'grid'), 0).ask()\n"
        "print('optuna' in sys.modules, 'plotly' in sys.modules, 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False False False", done.stderr
