"""The page that lets a person in to the screens where everybody signs in: a token, kept in a cookie that scripts cannot read."""

from __future__ import annotations

import html
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.api.replies import ApiError

COOKIE = "phasegate_token"
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
COOKIE_S = 30 * 24 * 3600
LARGEST_FORM = 10_000
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with no-referrer the form would come with the origin null, like a foreign one
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in to Phasegate</title>
<style>
:root {{ color-scheme: light dark; --ground: #fff; --ink: #1b2530; --line: #d5dbe1; --deed: #0072b2; --wrong: #a84300; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ground: #11171d; --ink: #e8edf2; --line: #36424d; --deed: #2b80c0; --wrong: #ff9f5a; }} }}
body {{ font: 16px/1.5 system-ui, sans-serif; background: var(--ground); color: var(--ink); margin: 0;
  display: grid; place-items: center; min-height: 100vh; }}
form {{ width: min(24rem, calc(100vw - 4rem)); border: 1px solid var(--line); border-radius: .4rem; padding: 1.5rem; }}
h1 {{ font-size: 1.3rem; margin: 0 0 .75rem; }} label, p {{ display: block; margin: 0 0 .5rem; }}
input {{ width: 100%; box-sizing: border-box; font: inherit; padding: .5rem; border: 1px solid var(--line);
  border-radius: .3rem; background: inherit; color: inherit; }}
button {{ margin-top: 1rem; font: inherit; padding: .45rem 1rem; border: 0; border-radius: .3rem;
  background: var(--deed); color: #fff; cursor: pointer; }}
.wrong {{ color: var(--wrong); }} code {{ font-size: .85em; }} .how {{ margin-top: 1rem; font-size: .9rem; }}
</style></head><body>
<form method="post" action="{action}">
<h1>Sign in to Phasegate</h1>{problem}
<label for="token">Token with the scope <code>screens</code></label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<input type="hidden" name="next" value="{next}">
<button>Sign in</button>
<p class="how">Whoever runs this server creates one:<br><code>python -m engine tokens --create NAME --scope screens</code></p>
</form></body></html>
"""


def read_cookie(header: str) -> str | None:
    """The token in a Cookie header."""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return found.value if found and found.value else None


def draw_sign_in(target: str, problem: str = "", status: int = 401) -> Response:
    """The page. ``target``: where the person wanted to go; ``problem``: why the last try failed."""
    shown = f'<p class="wrong" role="alert">{html.escape(problem)}</p>' if problem else ""
    page = _PAGE.format(action=SIGN_IN, problem=shown, next=html.escape(keep_inside(target), quote=True))
    return HTMLResponse(page, status, _HEADERS)


async def read_form(request: Request) -> tuple[str, str]:
    """Token and target of the form that was sent.

    Raises:
        ApiError: 413, more than a form of ours can hold.
    """
    taken = bytearray()
    async for piece in request.stream():
        taken += piece
        if len(taken) > LARGEST_FORM:
            raise ApiError(413, "The form is larger than it can be.")
    fields = parse_qs(taken.decode("utf-8", "replace"), max_num_fields=10)
    return fields.get("token", [""])[0].strip(), keep_inside(fields.get("next", ["/"])[0])


def let_in(token: str, target: str, *, secure: bool) -> Response:
    """On to where the person wanted to go, with the cookie."""
    reply = RedirectResponse(keep_inside(target), 303, {"Cache-Control": "no-store"})
    reply.set_cookie(COOKIE, token, max_age=COOKIE_S, httponly=True, samesite="lax", secure=secure)
    return reply


def let_out() -> Response:
    """Back to the page, without the cookie."""
    reply = RedirectResponse(SIGN_IN, 303, {"Cache-Control": "no-store"})
    reply.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return reply


def keep_inside(target: str) -> str:
    """A path of this server; the first screen for anything that would lead elsewhere."""
    plain = target.isprintable() and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if plain and not target.startswith((SIGN_IN, SIGN_OUT)) else "/"
