"""Who may come in: the policy of this server, the hosts that it goes by, and tokens."""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.api.replies import ApiError
from engine.errors import InputError
from engine.store import Store
from engine.store.liveness import utc_now
from engine.store.tokens import SCOPES, TokenRecord, TokenStore, hash_token, match_token

SIGN_IN_VARIABLE, HOSTS_VARIABLE, TOKEN_VARIABLE = "PHASEGATE_SIGN_IN", "PHASEGATE_HOSTS", "PHASEGATE_TOKEN"
SHORTEST_TOKEN = 24
LOCAL_SCOPES = frozenset({"ask", "read"})
"""What this machine may do without a token while none has been created."""
GUIDE = "docs/guide/api.md#access"
FRESH_S = 1.0
"""How old what is known of the tokens may be: a revoked one is refused after that time at the latest."""
NOTED_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sends a request.

    Attributes:
        name: the token's name; empty without one.
        scopes: what the caller may do.
        address: the peer's address.
    """

    name: str
    scopes: frozenset[str]
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorPolicy:
    """How this server is open.

    Attributes:
        listens_off_loopback: other machines can reach it.
        sign_in: everything, the screens too, needs a token.
        hosts: names in the Host header beside IP addresses, localhost and this machine's name.
    """

    listens_off_loopback: bool
    sign_in: bool
    hosts: frozenset[str] = frozenset()


def read_policy(address: str | None, environ: Mapping[str, str] | None = None) -> DoorPolicy:
    """The policy for an address to listen on. Off loopback one signs in, unless PHASEGATE_SIGN_IN says off.

    Raises:
        InputError: PHASEGATE_SIGN_IN is neither on nor off, or PHASEGATE_TOKEN is too short to be a secret.
    """
    environ = os.environ if environ is None else environ
    wanted = environ.get(SIGN_IN_VARIABLE, "").strip().lower()
    if wanted not in ("", "on", "off"):
        raise InputError(f"{SIGN_IN_VARIABLE} is {wanted!r}; expected on or off.", "Or leave it out.")
    token = environ.get(TOKEN_VARIABLE, "")
    if token and len(token) < SHORTEST_TOKEN:
        raise InputError(
            f"{TOKEN_VARIABLE} has {len(token)} characters; expected at least {SHORTEST_TOKEN}.",
            "Make one: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    off_loopback = not is_loopback(address or "0.0.0.0")
    named = environ.get(HOSTS_VARIABLE, "").split(",")
    return DoorPolicy(
        listens_off_loopback=off_loopback,
        sign_in=off_loopback if not wanted else wanted == "on",
        hosts=frozenset(name.strip().lower() for name in named if name.strip()),
    )


def is_loopback(address: str) -> bool:
    """Whether an address or name is this machine's own."""
    if address.lower() == "localhost":
        return True
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def check_host(policy: DoorPolicy, host: str) -> None:
    """Refuse names that are not ours: a foreign page could point its own name at this machine (DNS rebinding).

    An IP address cannot be such a name. Where everybody signs in nothing is gained by it, and any name is let in.

    Raises:
        ApiError: 403.
    """
    name = _host_name(host)
    ours = {"localhost", socket.gethostname().lower(), *policy.hosts}
    if policy.sign_in or name in ours or _is_ip(name):
        return
    raise ApiError(
        403,
        f"This server does not go by the name {name[:100]!r}.",
        f"Use its IP address or localhost, or add the name to {HOSTS_VARIABLE} where it was started.",
        guide=GUIDE,
    )


def check_origin(host: str, headers: Mapping[str, str]) -> None:
    """Refuse what a page of another site makes a browser send, whatever the method.

    Raises:
        ApiError: 403.
    """
    origin, site = headers.get("origin", ""), headers.get("sec-fetch-site", "")
    foreign = origin and origin.partition("://")[2].lower() != host.lower()
    if foreign or site in ("cross-site", "same-site"):
        raise ApiError(
            403,
            "This request comes from a page of another site.",
            "Call the API from a program of yours instead of from a page.",
            guide=GUIDE,
        )


def _host_name(host: str) -> str:
    """The name of ``name:port`` or ``[::1]:port``."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


class TokenBook:
    """What is known of the tokens, at most a second old, and the decision who a caller is. Safe for threads."""

    def __init__(self, store: Callable[[], Store], environ: Mapping[str, str] | None = None) -> None:
        self._store = store
        self._records: list[TokenRecord] = []
        self._read_at = float("-inf")
        self._lock = threading.Lock()
        self._noted: dict[str, float] = {}
        token = (os.environ if environ is None else environ).get(TOKEN_VARIABLE, "")
        self._given = [_from_environment(token)] if token else []

    @property
    def is_fresh(self) -> bool:
        """Whether ``read`` would do nothing."""
        return time.monotonic() - self._read_at < FRESH_S

    def knows(self, token: str | None) -> bool:
        """False for a token that may have been made since the last reading."""
        return token is None or match_token(token, self._records) is not None

    def read(self, *, anew: bool = False) -> None:
        """Read the tokens again when they are old, or in any case.

        Raises:
            StoreError: the store is out of reach; then nobody is let in.
        """
        with self._lock:
            if anew or not self.is_fresh:
                self._records = [*self._given, *TokenStore(self._store()).list_tokens()]
                self._read_at = time.monotonic()

    def identify(self, token: str | None, address: str, *, local: bool, policy: DoorPolicy) -> Caller:
        """Who a request comes from.

        Args:
            token: what was sent; None when nothing was.
            local: it comes from this machine, through no proxy.

        Raises:
            ApiError: 401, no token where one is needed, or one that does not hold.
        """
        if token is None:
            if local and not policy.sign_in and not policy.listens_off_loopback and not self._records:
                return Caller(name="", scopes=LOCAL_SCOPES, address=address)
            raise _unauthorized("This needs a token", "Send the header Authorization: Bearer TOKEN.")
        found = match_token(token, self._records)
        state = found.state() if found else "unknown"
        if found is None or state != "live":
            raise _unauthorized(f"This token is {state}", "Create one: python -m engine tokens --create NAME.")
        return Caller(name=found.name, scopes=frozenset(found.scopes), address=address)

    def is_due(self, caller: Caller) -> bool:
        """Whether ``note_use`` would write something."""
        record = self._find(caller)
        return record is not None and time.monotonic() - self._noted.get(record.token_id, -NOTED_S) >= NOTED_S

    def note_use(self, caller: Caller) -> None:
        """Write down when a token was last used, once a minute at most."""
        record = self._find(caller)
        if record is not None and self.is_due(caller):
            self._noted[record.token_id] = time.monotonic()
            TokenStore(self._store()).record_use(record.token_id)

    def _find(self, caller: Caller) -> TokenRecord | None:
        """The stored token of a caller."""
        stored = (r for r in self._records if r not in self._given and r.name == caller.name and r.state() == "live")
        return next(stored, None)


def check_scope(caller: Caller, scope: str) -> None:
    """Refuse a caller whose token does not reach so far.

    Raises:
        ApiError: 401 for this machine without a token, 403 for a token without the scope.
    """
    if scope in caller.scopes:
        return
    hint = f"Create one that may: python -m engine tokens --create NAME --scope {scope}"
    if not caller.name:
        raise _unauthorized(f"This needs a token with the scope {scope}", hint)
    raise ApiError(403, f"This token may not do that; it needs the scope {scope}.", hint, guide=GUIDE)


def _unauthorized(message: str, hint: str) -> ApiError:
    return ApiError(401, f"{message}.", hint, headers={"WWW-Authenticate": "Bearer"}, guide=GUIDE)


def _from_environment(token: str) -> TokenRecord:
    return TokenRecord(
        token_id="environment",
        name=TOKEN_VARIABLE,
        hash=hash_token(token),
        scopes=tuple(SCOPES),
        made_by="environment",
        made_at=utc_now(),
    )
