"""``providers``: the models that answer, in the order in which they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import format_number, open_console, print_json
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.providers.trial import ProviderTrial


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(providers)


def providers(
    add: Annotated[Optional[str], typer.Option(metavar="NAME", help="Set a provider up, or change it.")] = None,
    preset: Annotated[
        str, typer.Option(help="With --add: begin with ollama, local, openai, anthropic, mistral, gemini, ...")
    ] = "",
    model: Annotated[str, typer.Option(help="With --add: its model, such as ollama_chat/llama3.2.")] = "",
    api_base: Annotated[Optional[str], typer.Option(help="With --add: its address.")] = None,
    api_key_env: Annotated[Optional[str], typer.Option(help="With --add: environment variable with the key.")] = None,
    connect_timeout_s: Annotated[Optional[float], typer.Option(help="With --add. Default 5.")] = None,
    first_token_timeout_s: Annotated[Optional[float], typer.Option(help="With --add. Default 20.")] = None,
    total_timeout_s: Annotated[Optional[float], typer.Option(help="With --add. Default 120.")] = None,
    prices: Annotated[
        Optional[tuple[float, float]],
        typer.Option(metavar="PROMPT COMPLETION", help="With --add: USD for a million tokens of each."),
    ] = None,
    remove: Annotated[Optional[str], typer.Option(metavar="NAME", help="Forget a provider.")] = None,
    on: Annotated[Optional[str], typer.Option(metavar="NAME", help="Ask a provider that was switched off.")] = None,
    off: Annotated[Optional[str], typer.Option(metavar="NAME", help="Leave a provider out; its settings stay.")] = None,
    order: Annotated[Optional[str], typer.Option(metavar="NAMES", help="Ask in this order: a,b,c.")] = None,
    test: Annotated[Optional[str], typer.Option(metavar="NAME", help="Make one small real call.")] = None,
    as_: Annotated[Optional[str], typer.Option("--as", metavar="NAME", help="Who changes it.")] = None,
    json: Json = False,
) -> None:
    """List, add, order, switch, remove and test the models that answer."""
    if sum(value is not None for value in (add, remove, on, off, order, test)) > 1:
        raise InputError(
            "providers takes one of --add, --remove, --on, --off, --order and --test.", "Run them in turn."
        )
    texts = {"model": model or None, "api_base": api_base, "api_key_env": api_key_env}
    waits = {"connect_timeout_s": connect_timeout_s, "first_token_timeout_s": first_token_timeout_s}
    given: dict[str, Any] = {**texts, **waits, "total_timeout_s": total_timeout_s}
    given = {name: value for name, value in given.items() if value is not None}
    if prices is not None:
        given |= {"prompt_usd_per_million": prices[0], "completion_usd_per_million": prices[1]}
    if add is None and (given or preset):
        raise InputError("Settings of a provider belong to --add.", "Such as --add local --model ollama_chat/llama3.2")
    if add is not None:
        _add(add, preset, given, as_, json)
    elif test is not None:
        _test(test, json)
    elif remove is not None or on is not None or off is not None or order is not None:
        _change(remove, on, off, order, as_, json)
    else:
        _list(json)


def _list(json: bool) -> None:
    from engine.providers.breaker import CLOSED, DUE, read_state
    from engine.store import open_store
    from engine.store.liveness import utc_now
    from engine.store.providers import ProviderStore

    with open_store() as store:
        saved, calls = ProviderStore(store).list_providers(), ProviderStore(store).summarise_calls()
    rows = [{**spec.as_json(), "last_24_h": calls.get(spec.name)} for spec in saved]
    if json:
        print_json({"providers": rows})
        return
    from rich.markup import escape
    from rich.table import Column, Table

    table = Table("", "provider", Column("model, address, key", overflow="fold"), "calls in 24 h", "median", "breaker")
    for place, (spec, row) in enumerate(zip(saved, rows, strict=True), 1):
        found = row["last_24_h"] or {}
        name = escape(spec.name) + ("" if spec.enabled else " (off)")
        where = [spec.model, spec.api_base or "its own address", spec.api_key_env]
        asked = found.get("calls") or 0
        counts = f"{asked:,}" + (f", {found['failed']:,} failed" if found.get("failed") else "")
        state = read_state(found.get("state") or CLOSED, found.get("state_at"), utc_now()) if asked else "not asked"
        median = format_number(found.get("median_ms"), 0, " ms")
        table.add_row(
            str(place),
            name,
            escape("\n".join(filter(None, where))),
            counts,
            median,
            "tried next" if state == DUE else state,
        )
    empty = "No models yet: answers are made by extraction. Add one: python -m engine providers --add ollama --preset ollama"
    open_console().print(table if rows else empty, markup=bool(rows), soft_wrap=True)


def _add(name: str, preset: str, given: dict[str, Any], who: str | None, json: bool) -> None:
    from engine.identity import find_person
    from engine.provider_setup import fill_preset, save_provider
    from engine.store import open_store

    fields = fill_preset(preset, given) if preset else given
    with open_store() as store:
        spec = save_provider(store, name, {**fields, "name": name}, who or find_person())
    if json:
        print_json({"provider": spec.as_json()})
        return
    typer.echo(f"Provider {name} asks {spec.model}. Test it: python -m engine providers --test {name}")


def _change(
    remove: str | None, on: str | None, off: str | None, order: str | None, who: str | None, json: bool
) -> None:
    from engine.identity import find_person
    from engine.provider_setup import switch_provider
    from engine.store import open_store
    from engine.store.providers import ProviderStore

    person = who or find_person()
    with open_store() as store:
        if remove is not None:
            ProviderStore(store).delete_provider(remove, person)
            done = f"Provider {remove} removed. The records of its calls stay."
        elif order is not None:
            ProviderStore(store).order_providers([n.strip() for n in order.split(",") if n.strip()], person)
            done = "Asked in this order: "
        else:
            name = str(on or off)
            switch_provider(store, name, on is not None, person)
            done = f"Provider {name} is {'asked again' if on else 'left out'}."
        names = [spec.name for spec in ProviderStore(store).list_providers()]
    if json:
        print_json({"providers": names})
    else:
        typer.echo(done + (", ".join(names) if order is not None else ""))


def _test(name: str, json: bool) -> None:
    from engine.providers.trial import try_provider
    from engine.store import open_store
    from engine.store.providers import ProviderStore

    with open_store() as store:
        spec = ProviderStore(store).load_provider(name)
    trial = try_provider(spec)
    if json:
        print_json(trial.as_json())
    elif trial.error:
        typer.echo(f"Error: {trial.error}\nNext:  {trial.hint}", err=True)
    else:
        typer.echo(_describe(trial))
    if trial.error:
        raise typer.Exit(4)


def _describe(trial: ProviderTrial) -> str:
    cost = "price unknown" if trial.cost_usd is None else f"{trial.cost_usd:.6f} USD"
    times = f"{trial.ms:.0f} ms, first token after {format_number(trial.first_token_ms, 0, ' ms')}"
    tokens = f"{trial.prompt_tokens} + {trial.completion_tokens} tokens"
    return f"{trial.provider} answered as {trial.model} in {times}; {tokens}, {cost}."
