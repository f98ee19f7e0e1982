"""The API section of Settings: the tokens there are, who may come in, and how the API is called."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.store import CorpusStore, Store
from engine.store.liveness import utc_now
from engine.store.tokens import SCOPES, TokenRecord, TokenStore

SOON = timedelta(days=7)
TOKEN_PLACE = "$PHASEGATE_API_TOKEN"
LIFETIMES: Mapping[str, int | None] = {"30 days": 30, "90 days": 90, "A year": 365, "Until it is revoked": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One token. ``state``: live, expired or revoked. ``used``: None when it never was."""

    token_id: str
    name: str
    state: str
    scopes: tuple[str, ...]
    made_by: str
    made_at: datetime
    expires_at: datetime | None
    ends_soon: bool
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiView:
    """Everything in the section.

    Attributes:
        live, ended: tokens, newest first.
        access: who may come in now, in words.
        examples: what it is called for, to a command line that does it.
        scopes: what each lets a token do.
        needs_token: requests of this machine need one, too.
    """

    live: tuple[TokenRow, ...]
    ended: tuple[TokenRow, ...]
    access: str
    examples: Mapping[str, str]
    scopes: Mapping[str, str]
    needs_token: bool


def load_api_view(store: Store, address: str) -> ApiView:
    """Tokens, and examples for a server at ``address`` (``http://127.0.0.1:8501``)."""
    records = TokenStore(store).list_tokens()
    now = utc_now()
    rows = [_describe(record, now) for record in records]
    corpora = [row["corpus"] for row in CorpusStore(store).list_corpora()]
    return ApiView(
        live=tuple(row for row in rows if row.state == "live"),
        ended=tuple(row for row in rows if row.state != "live"),
        access=_say_access(records),
        examples=_write_examples(address, corpora[0] if corpora else "customer-service", bool(records)),
        scopes=SCOPES,
        needs_token=bool(records),
    )


def _describe(record: TokenRecord, now: datetime) -> TokenRow:
    state = record.state(now)
    return TokenRow(
        token_id=record.token_id,
        name=record.name,
        state=state,
        scopes=record.scopes,
        made_by=record.made_by,
        made_at=record.made_at,
        expires_at=record.expires_at,
        ends_soon=state == "live" and record.expires_at is not None and record.expires_at - now < SOON,
        used_at=record.used_at,
    )


def _say_access(records: Sequence[TokenRecord]) -> str:
    if not records:
        return (
            "No token has been created: programs of this machine may ask and read without one; changing settings needs one. "
            "The first token closes the API to everybody without a token."
        )
    live = sum(record.state() == "live" for record in records)
    held = "1 token holds" if live == 1 else f"{live} tokens hold"
    return f"Every request needs a token. {held}." + ("" if live else " Nobody can use the API until there is one.")


def _write_examples(address: str, corpus: str, needs_token: bool) -> dict[str, str]:
    token = [f'-H "Authorization: Bearer {TOKEN_PLACE}"'] if needs_token else []
    own = [f'-H "Authorization: Bearer {TOKEN_PLACE}"']
    question = {"question": "What is the refund policy?", "corpus": corpus}
    return {
        "Ask": _curl(f"{address}/api/ask", token, question),
        "Ask, as a stream": _curl(f"{address}/api/ask", ["-N", *token], question | {"stream": True}),
        "Runs": _curl(f"{address}/api/runs?limit=5", token),
        "Change the settings": _curl(f"{address}/api/config/rag", own, {"preset": "fast", "top_k": 15}),
        "Description": _curl(f"{address}/api/openapi.json", token),
    }


def _curl(url: str, options: Sequence[str], body: Mapping[str, object] | None = None) -> str:
    parts = [f'curl "{url}"', *options]
    if body is not None:
        parts += ['-H "Content-Type: application/json"', f"-d '{json.dumps(body)}'"]
    return " \\\n  ".join(parts)
