"""``cases``, ``label``, ``labels``, ``save-cases`` and ``mark``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import format_number, format_rate, open_console, print_json

if TYPE_CHECKING:
    from engine.evaluation.agreement import KappaEstimate
    from engine.store import Store
    from engine.store.cases import CaseQuery

Run = Annotated[str, typer.Argument(help="Id of the run; `runs` lists them.")]
Flags = Annotated[
    Optional[list[str]],
    typer.Option(
        "--flag",
        help="failing, flipped, slow, low_quality, disagreeing, unlabelled or labelled; repeat for all of several.",
    ),
]
Statuses = Annotated[
    Optional[list[str]], typer.Option("--status", help="passed, failed, error or unscored; repeat for any of several.")
]
Tag = Annotated[str, typer.Option(help="Only cases with this tag.")]
Kind = Annotated[str, typer.Option(help="Only cases of this kind.")]
Search = Annotated[str, typer.Option(help="Only cases with this text in id, question or answer.")]
Against = Annotated[
    Optional[str], typer.Option(help="Run that `flipped` compares with; the complete one before this by default.")
]
Measure = Annotated[str, typer.Option(help="Measure that --low and --high bound.")]
Low = Annotated[Optional[float], typer.Option(help="Least value of --measure.")]
High = Annotated[Optional[float], typer.Option(help="Greatest value of --measure.")]
Person = Annotated[
    Optional[str], typer.Option("--as", help="Who says so; PHASEGATE_USER or the login name by default.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(cases)
    app.command()(label)
    app.command()(labels)
    app.command(name="save-cases")(save_cases)
    app.command()(mark)


def cases(
    run: Run,
    failed: Annotated[bool, typer.Option("--failed", help="Only cases that failed or ended in an error.")] = False,
    flag: Flags = None,
    status: Statuses = None,
    tag: Tag = "",
    kind: Kind = "",
    search: Search = "",
    measure: Measure = "",
    low: Low = None,
    high: High = None,
    against: Against = None,
    sort: Annotated[
        str,
        typer.Option(help="Column or measure to order by, - before it for descending; the suite's order by default."),
    ] = "position",
    limit: Annotated[Optional[int], typer.Option(min=1, help="How many at most.")] = None,
    json: Json = False,
) -> None:
    """The cases of a run with answers, contexts and scores."""
    from engine.store import open_store
    from engine.store.cases import find_cases, load_case_objects

    flags = [*(flag or []), *(["failing"] if failed else [])]
    with open_store() as store:
        query = _build_query(store, run, flags, status, tag, kind, search, measure, low, high, against, sort, limit)
        page = find_cases(store, query)
        rows = load_case_objects(store, run, [row["case_id"] for row in page.rows]) if json else list(page.rows)
    if json:
        print_json({"run_id": run, "cases": rows})
        return
    from rich.markup import escape
    from rich.table import Table

    value = [query.measure] if query.measure else []
    table = Table("case", "status", "quality", "latency", *value, "labels", "question")
    for row in rows:
        shown = [row["case_id"], row["status"], format_number(row["context_quality"], 2)]
        shown += [format_number(row["latency_ms"], 1, " ms"), *(format_number(row["value"]) for _ in value)]
        said = ", ".join(f"{escape(label['author'])}: {label['label']}" for label in row["labels"])
        table.add_row(*shown, said, escape(row["question"][:70]))
    console = open_console()
    console.print(table if rows else "No case fits.")
    if len(rows) < page.total:
        console.print(f"{len(rows)} of {page.total} cases; --limit says how many.")


def label(
    run: Run,
    case: Annotated[str, typer.Argument(help="Id of the case.")],
    verdict: Annotated[str, typer.Argument(help="right, wrong or unsure; none takes your label back.")],
    note: Annotated[Optional[str], typer.Option(help="Why. Without it an earlier note of yours stays.")] = None,
    as_: Person = None,
    json: Json = False,
) -> None:
    """Say of an answer that it is right, wrong, or that you are unsure. Your earlier label of the case is replaced."""
    from engine.identity import find_person
    from engine.store import open_store
    from engine.store.labels import LabelStore

    who = as_ or find_person()
    with open_store() as store:
        labels_ = LabelStore(store)
        if verdict == "none":
            labels_.remove_label(run, case, who)
        else:
            labels_.save_label(run, case, who, verdict, note)
        rows = labels_.labels_of(run, case)
    if json:
        print_json({"run_id": run, "case": case, "labels": rows})
    else:
        said = ", ".join(f"{row['author']}: {row['label']}" for row in rows)
        typer.echo(f"{case}: {said or 'no label'}")


def labels(run: Run, json: Json = False) -> None:
    """The labels of a run, and how far the automatic verdict agrees with them."""
    from engine.evaluation.label_agreement import measure_agreement
    from engine.store import RunStore, open_store
    from engine.store.labels import LabelStore

    with open_store() as store, RunStore(store) as runs:
        runs.load_run(run)
        rows = LabelStore(store).labels_of(run)
        agreement = measure_agreement(LabelStore(store).verdicts_of(run))
    if json:
        print_json({"run_id": run, "labels": rows, "agreement": agreement.as_json()})
        return
    from rich.markup import escape
    from rich.table import Table

    console = open_console()
    if not rows:
        console.print(f"Nobody has labelled a case of {run} yet. Start with: python -m engine label {run} CASE right")
        return
    table = Table("case", "who", "label", "note", "when (UTC)")
    for row in rows:
        when = f"{row['labelled_at']:%Y-%m-%d %H:%M}"
        table.add_row(escape(row["case_id"]), escape(row["author"]), row["label"], escape(row["note"]), when)
    console.print(table)
    console.print(_describe("the automatic verdict and people", agreement.verdict))
    for pair in agreement.pairs:
        console.print(_describe(" and ".join(map(escape, pair.authors)), pair.agreement))


def save_cases(
    run: Run,
    name: Annotated[str, typer.Option(help="Name of the new suite.")],
    title: Annotated[str, typer.Option(help="Its title.")] = "",
    case: Annotated[
        Optional[list[str]], typer.Option(help="Id of a case; repeat for several. All others are left out.")
    ] = None,
    flag: Flags = None,
    status: Statuses = None,
    tag: Tag = "",
    kind: Kind = "",
    search: Search = "",
    measure: Measure = "",
    low: Low = None,
    high: High = None,
    against: Against = None,
    as_: Person = None,
    json: Json = False,
) -> None:
    """Save cases of a run as a suite of their own, which then runs by its name."""
    from engine.case_selection import save_cases as save
    from engine.identity import find_person
    from engine.store import open_store
    from engine.store.cases import list_case_ids

    with open_store() as store:
        query = _build_query(
            store, run, flag or [], status, tag, kind, search, measure, low, high, against, "position", None
        )
        chosen = case or list_case_ids(store, query)
        saved = save(store, run, chosen, name, as_ or find_person(), title)
    if json:
        print_json({"suite": saved.name, "folder": saved.folder, "cases": saved.cases, "source": saved.source})
        return
    typer.echo(f"{saved.cases} cases saved as the suite {saved.name} in {saved.folder}")
    if saved.source == "run":
        typer.echo("The suite's files have changed since the run, so the cases are those that the run itself kept.")
    typer.echo(f"Run it with: python -m engine run {saved.name}")


def mark(
    run: Run,
    pin: Annotated[
        Optional[bool], typer.Option("--pin/--unpin", help="Keep the run on top of the list, or no longer.")
    ] = None,
    tag: Annotated[Optional[list[str]], typer.Option(help="Add a tag; repeat for several.")] = None,
    untag: Annotated[Optional[list[str]], typer.Option(help="Take a tag away; repeat for several.")] = None,
    note: Annotated[Optional[str], typer.Option(help="A note on the run; empty takes it away.")] = None,
    as_: Person = None,
    json: Json = False,
) -> None:
    """Pin a run, tag it, or leave a note on it. Without an option it shows the marks."""
    from engine.identity import find_person
    from engine.store import RunStore, open_store
    from engine.store.run_marks import RunMarkStore

    with open_store() as store, RunStore(store) as runs:
        runs.load_run(run)
        marks = RunMarkStore(store)
        found = marks.load_mark(run)
        if pin is not None or tag or untag or note is not None:
            tags = [t for t in (*found.tags, *(tag or [])) if t not in (untag or [])]
            found = marks.save_mark(run, as_ or find_person(), pinned=pin, tags=tags, note=note)
    if json:
        print_json({"run_id": run} | {name: getattr(found, name) for name in found.__slots__})
    else:
        pinned = "pinned" if found.pinned else "not pinned"
        typer.echo(f"{run}: {pinned}; tags: {', '.join(found.tags) or 'none'}; note: {found.note or 'none'}")


def _build_query(
    store: Store, run: str, flags: list[str], statuses: list[str] | None, tag: str, kind: str, search: str,
    measure: str, low: float | None, high: float | None, against: str | None, sort: str, limit: int | None,
) -> CaseQuery:  # fmt: skip
    """The query of the options.

    Raises:
        InputError: an option's value that is not offered.
        UnknownNameError: no such run.
    """
    from engine.errors import InputError
    from engine.store import RunStore
    from engine.store.cases import FLAGS, ORDERS, CaseQuery, find_against

    with RunStore(store) as runs:
        runs.load_run(run)
        if against:
            runs.load_run(against)
    for option, given, offered in (
        ("--flag", flags, FLAGS),
        ("--status", statuses or [], ("passed", "failed", "error", "unscored")),
    ):
        unknown = next((value for value in given if value not in offered), None)
        if unknown is not None:
            raise InputError(f"{option} {unknown!r}: expected one of {', '.join(offered)}.")
    name = sort.removeprefix("-")
    if name not in ORDERS:
        if measure and measure != name:
            raise InputError(f"--sort {name!r} and --measure {measure!r}: expected the same measure.")
        known = store.query("SELECT DISTINCT measure FROM scores WHERE run_id = ? ORDER BY measure", (run,))
        names = [row["measure"] for row in known]
        if name not in names:
            raise InputError(f"--sort {name!r}: expected one of {', '.join([*ORDERS, *names])}.")
        measure, sort = name, "-measure" if sort.startswith("-") else "measure"
    if (low is not None or high is not None) and not measure:
        raise InputError("--low and --high bound a measure.", "Name it with --measure.")
    return CaseQuery(
        run_id=run,
        statuses=tuple(statuses or ()),
        kind=kind,
        tag=tag,
        search=search,
        flags=tuple(flags),
        against=against or find_against(store, run) or "",
        measure=measure,
        low=low,
        high=high,
        sort=sort,
        page_size=limit,
    )


def _describe(who: str, estimate: KappaEstimate) -> str:
    if estimate.kappa is None:
        kappa = "no kappa while one side uses one word alone"
    else:
        kappa = f"kappa {estimate.kappa:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
    rate = format_rate(estimate.rate, estimate.rate_low, estimate.rate_high)
    return f"{who}: {estimate.agreed} of {estimate.n} cases agree, {rate}; {kappa}"
