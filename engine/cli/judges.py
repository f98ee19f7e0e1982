"""``judges``: the models that score answers, how they are set up, and how far they can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import format_number, format_rate, open_console, print_json
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.judge_trials import JudgeTrial
    from engine.judgements import RatedMeasure


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(judges)


def judges(
    add: Annotated[Optional[str], typer.Option(metavar="NAME", help="Set a judge up, or change it.")] = None,
    model: Annotated[str, typer.Option(help="With --add: its model, such as ollama/llama3.1.")] = "",
    api_base: Annotated[str, typer.Option(help="With --add: address of the provider.")] = "",
    api_key_env: Annotated[str, typer.Option(help="With --add: environment variable that has the key.")] = "",
    temperature: Annotated[Optional[float], typer.Option(help="With --add. Default 0.")] = None,
    repeats: Annotated[Optional[int], typer.Option(help="With --add: judgements of each case. Default 1.")] = None,
    concurrency: Annotated[Optional[int], typer.Option(help="With --add: calls in flight. Default 16.")] = None,
    timeout_s: Annotated[Optional[float], typer.Option(help="With --add: seconds for one call. Default 60.")] = None,
    max_attempts: Annotated[Optional[int], typer.Option(help="With --add: calls for one answer. Default 3.")] = None,
    rubric: Annotated[list[str], typer.Option(metavar="NAME=TEXT", help="With --add: a rule in plain words.")] = [],  # noqa: B006
    remove: Annotated[Optional[str], typer.Option(metavar="NAME", help="Forget a judge; its scores stay.")] = None,
    default: Annotated[Optional[str], typer.Option(metavar="NAME", help="The judge of runs that name none.")] = None,
    try_: Annotated[Optional[str], typer.Option("--try", metavar="JUDGE", help="Judge one question.")] = None,
    measure: Annotated[list[str], typer.Option(help="With --try: what to judge. Default ragas.faithfulness.")] = [],  # noqa: B006
    question: Annotated[str, typer.Option(help="With --try: the question; without one an example.")] = "",
    answer: Annotated[str, typer.Option(help="With --try: the answer.")] = "",
    context: Annotated[list[str], typer.Option(help="With --try: a context of the answer.")] = [],  # noqa: B006
    reference: Annotated[str, typer.Option(help="With --try: what should have been answered.")] = "",
    run: Annotated[str, typer.Option(help="With --try: a run, with --case.")] = "",
    case: Annotated[str, typer.Option(help="With --try: a case of --run.")] = "",
    agreement: Annotated[Optional[str], typer.Option(metavar="RUN", help="What judges made of a run.")] = None,
    between: Annotated[
        Optional[tuple[str, str]], typer.Option(metavar="A B", help="With --agreement: two judges, or one and people.")
    ] = None,
    as_: Annotated[Optional[str], typer.Option("--as", metavar="NAME", help="Who adds or removes it.")] = None,
    json: Json = False,
) -> None:
    """List, add, try and remove judges; how noisy each is, and how far two of them, or people, agree."""
    if sum(value is not None for value in (add, remove, default, try_, agreement)) > 1:
        raise InputError("judges takes one of --add, --remove, --default, --try and --agreement.", "Run them in turn.")
    if add is not None:
        numbers = {"temperature": temperature, "repeats": repeats, "concurrency": concurrency}
        numbers |= {"timeout_s": timeout_s, "max_attempts": max_attempts}
        texts = {"model": model, "api_base": api_base, "api_key_env": api_key_env}
        given = {k: v for k, v in texts.items() if v} | {k: v for k, v in numbers.items() if v is not None}
        _add(add, given, rubric, as_, json)
    elif remove is not None:
        _remove(remove, as_, json)
    elif default is not None:
        _choose_default(default, json)
    elif try_ is not None:
        _try(try_, measure, (question, answer, tuple(context), reference), (run, case), json)
    elif agreement is not None:
        _agree(agreement, between, json)
    else:
        _list(json)


def _list(json: bool) -> None:
    from engine.judges import DEFAULT_JUDGE
    from engine.store import PreferenceStore, open_store
    from engine.store.judges import JudgeStore

    with open_store() as store:
        rows, chosen = JudgeStore(store).list_judges(), PreferenceStore(store).load_preference(DEFAULT_JUDGE)
    if json:
        print_json({"judges": rows, "default": chosen})
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("judge", "model", "repeats", "rubrics", "answers kept", "cost USD", "set up by")
    for row in rows:
        config = row["config"]
        name = escape(row["name"]) + (" (default)" if row["name"] == chosen else "")
        counts = (str(config.get("repeats", 1)), ", ".join(config.get("rubrics", {})) or "-", f"{row['answers']:,}")
        cost = format_number(row["cost_usd"], 4)
        table.add_row(name, escape(config["model"]), *counts, cost, escape(row["updated_by"]))
    empty = "No judges yet. Add one: python -m engine judges --add local --model ollama/llama3.1"
    open_console().print(table if rows else empty, markup=bool(rows), soft_wrap=True)


def _add(name: str, given: dict[str, Any], rubrics: list[str], who: str | None, json: bool) -> None:
    from engine.identity import find_person
    from engine.judge_setup import save_judge
    from engine.store import open_store

    rules = dict(_split_rubric(text) for text in rubrics)
    with open_store() as store:
        spec = save_judge(store, name, given | ({"rubrics": rules} if rules else {}), who or find_person())
    if json:
        print_json({"judge": spec.as_json()})
        return
    typer.echo(f"Judge {name} is set up with {spec.model}. Try it: python -m engine judges --try {name}")


def _split_rubric(text: str) -> tuple[str, str]:
    name, found, rule = text.partition("=")
    if not found or not name.strip() or not rule.strip():
        raise InputError(
            f"--rubric {text[:60]!r}: expected NAME=TEXT.", 'Such as --rubric "polite=The answer is polite."'
        )
    path = Path(rule[1:]) if rule.startswith("@") else None
    if path is not None and not path.is_file():
        raise InputError(f"--rubric {name}: there is no file {path}.", "Write the rule itself, or @ and a file.")
    return name.strip(), (path.read_text() if path else rule).strip()


def _remove(name: str, who: str | None, json: bool) -> None:
    from engine.identity import find_person
    from engine.judge_setup import remove_judge
    from engine.store import open_store

    with open_store() as store:
        remove_judge(store, name, who or find_person())
    if json:
        print_json({"removed": name})
    else:
        typer.echo(f"Judge {name} removed. Its scores stay.")


def _choose_default(name: str, json: bool) -> None:
    from engine.judge_setup import choose_default
    from engine.store import open_store

    with open_store() as store:
        choose_default(store, name)
    if json:
        print_json({"default": name})
    else:
        typer.echo(f"{name} judges the runs that name no judge." if name else "Runs that name no judge have none.")


def _try(
    reference: str,
    measures: list[str],
    texts: tuple[str, str, tuple[str, ...], str],
    place: tuple[str, str],
    json: bool,
) -> None:
    from engine.evaluation.judging import load_judge
    from engine.evaluation.measures.ragas import TextSample
    from engine.judge_trials import EXAMPLE, load_samples, try_judge
    from engine.store import open_store
    from engine.store.judges import JudgeStore

    question, answer, contexts, gold = texts
    run, case = place
    if bool(run) != bool(case) or (run and any(texts)):
        raise InputError("--try takes --run with --case, or --question with --answer.", "Give one of the two.")
    if not question and any((answer, contexts, gold)):
        raise InputError("--try needs the --question that was answered.", 'Such as --question "How long?"')
    with open_store() as store:
        spec = load_judge(reference, JudgeStore(store).load_judges())
        samples = load_samples(store, run, case) if run else (EXAMPLE,)
    if question:
        sample = {"user_input": question, "response": answer, "references": (gold,) if gold else ()}
        samples = (TextSample(**sample, retrieved_contexts=contexts, reference_contexts=()),)
    trial = try_judge(spec, samples, measures)
    if json:
        print_json(trial.as_json())
    else:
        _print_trial(trial)
    if trial.failed:
        raise typer.Exit(4)


def _print_trial(trial: JudgeTrial) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("measure", "status", "value", "reason")
    for name, score in trial.scores.items():
        table.add_row(name, score.status, format_number(score.value), escape(score.reason))
    console, report = open_console(), trial.report
    console.print(table)
    cost = "unknown" if report.cost_usd is None else f"{report.cost_usd:.5f} USD"
    console.print(f"{report.calls} calls of {trial.judge.model} in {report.seconds:.1f} s, cost {cost}")


def _agree(run_id: str, between: tuple[str, str] | None, json: bool) -> None:
    from engine.judgements import compare_raters, summarise_judges
    from engine.store import open_store

    with open_store() as store:
        summaries = summarise_judges(store, run_id)
        rated = compare_raters(store, run_id, *between) if between else []
    if json:
        measures = [m.as_json() for m in summaries]
        found = {"between": list(between), "agreement": [m.as_json() for m in rated]} if between else {}
        print_json({"run_id": run_id, "measures": measures, **found})
        return
    from rich.table import Table

    table = Table("judge", "measure", "scored", "failed", "not judged", "mean", "noise", "verdict flips", "cost USD")
    for m in summaries:
        counts = (str(m.scored), str(m.failed), str(m.unjudged))
        noise = format_number(m.noise.deviation), format_rate(m.noise.flip_rate)
        table.add_row(
            m.judge or "-", m.measure, *counts, format_number(m.mean.mean), *noise, format_number(m.cost_usd, 4)
        )
    console = open_console()
    console.print(table if summaries else "No judge has scored this run.")
    if between:
        console.print(_draw_agreement(between, rated) if rated else "They rated no case in common.")


def _draw_agreement(between: tuple[str, str], rated: list[RatedMeasure]) -> Any:
    from rich.table import Table

    table = Table("measure", "cases", "same verdict", "kappa", "alpha", "Spearman", title=" and ".join(between))
    for entry in rated:
        a = entry.agreement
        cells = [format_rate(a.kappa.rate, a.kappa.rate_low, a.kappa.rate_high), _interval(a.kappa.kappa, a.kappa)]
        cells += [_interval(e.value, e) for e in (a.alpha, a.spearman)]
        table.add_row(entry.measure, str(a.n), *cells)
    return table


def _interval(value: float | None, ends: Any) -> str:
    if value is None or ends.low is None:
        return format_number(value, 2)
    return f"{value:.2f} [{ends.low:.2f}, {ends.high:.2f}]"
