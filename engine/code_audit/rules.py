"""Rules over one Python file: addresses, bare and silent handlers, mocks and made-up figures, settings read here and there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from engine.code_audit.findings import Finding, Severity, Source

_ADDRESS = re.compile(r"\b(?:https?|wss?|postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqp|ftp)://([^\s/'\"<>)\]:]+)")
_IP = re.compile(r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?::\d{2,5})\b")
_LOOPBACK = re.compile(r"^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|0\.0\.0\.0)$", re.IGNORECASE)
# Names that no one can own (RFC 2606, 6761), and those of XML's vocabularies, which are names and no addresses.
_RESERVED = re.compile(
    r"(?:^|\.)(?:example\.(?:com|org|net)|example|test|invalid|localhost|w3\.org|schema\.org|xmlsoap\.org|openxmlformats\.org)$"
)
_BROAD = {"Exception", "BaseException"}
_MOCKS = {"unittest.mock", "mock", "faker", "responses", "respx", "vcr", "moto", "requests_mock", "pytest_mock"}
_MOCK_NAME = re.compile(r"^_?(?:(?:Mock|Fake|Dummy|Stub)[A-Z]|(?:mock|fake|dummy|stub|simulated)_)")
_FIGURE = re.compile(r"(?i)score|quality|latency|confidence|accuracy|success_rate|relevance|similarity")
_CENTRAL = re.compile(
    r"(?:^|/)(?:settings|config|configuration|profiles?|environment|env|conf)(?:\.py|/)|(?:^|/)providers/"
)
# What a program hands on to its children or learns of its surroundings is no setting of its own.
_SURROUNDINGS = {
    "PATH",
    "PYTHONPATH",
    "HOME",
    "TMPDIR",
    "USER",
    "LANG",
    "TERM",
    "CI",
    "COLUMNS",
    "NO_COLOR",
    "VIRTUAL_ENV",
}


def check_source(source: Source) -> Iterator[Finding]:
    """Findings of all rules over one file."""
    yield from _find_addresses(source)
    yield from _find_handlers(source)
    yield from _find_mocks(source)
    yield from _find_settings(source)


def _find_addresses(source: Source) -> Iterator[Finding]:
    prose = _docstrings(source)
    for node in source.nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node in prose:
            continue
        for match in _ADDRESS.finditer(node.value):
            host = match[1].rpartition("@")[2].strip(".,;")
            loopback = bool(_LOOPBACK.match(host))
            is_address = loopback or ("." in host and "{" not in host and not _RESERVED.search(host))
            if is_address:
                yield _address(source, node, host, loopback)
        for match in _IP.finditer(node.value):
            if "://" not in node.value:
                yield _address(source, node, match[0], bool(_LOOPBACK.match(match[0].partition(":")[0])))


def _address(source: Source, node: ast.AST, host: str, loopback: bool) -> Finding:
    return _finding(
        source,
        node,
        "address",
        "note" if loopback else "warning",
        f"the address {host} stands in code",
        "Read it from the settings, or allow it with a reason.",
    )


def _find_handlers(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                advice = "Name the exceptions that can be dealt with; a bare one swallows Ctrl-C too."
                yield _finding(source, node, "bare-except", "error", "except: without an exception", advice)
            if _is_broad(node.type) and _is_silent(node):
                advice = "Name the exceptions, record what failed, or let it pass; a default hides the failure."
                what = "any exception is swallowed and something else stands in its place, without a trace"
                yield _finding(source, node, "silent-fallback", "error", what, advice)
        elif _suppresses_all(node):
            advice = "Name the exceptions that may be ignored."
            yield _finding(source, node, "silent-fallback", "error", "every exception is suppressed", advice)


def _suppresses_all(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and _name(node.func) in ("suppress", "contextlib.suppress")
        and any(_name(argument) in _BROAD for argument in node.args)
    )


def _is_broad(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(_name(one) in _BROAD for one in kinds)


def _is_silent(handler: ast.ExceptHandler) -> bool:
    """Nothing but defaults: no raise, no call, and what was caught is not looked at."""
    for node in ast.walk(ast.Module(body=handler.body, type_ignores=[])):
        if isinstance(node, ast.Raise | ast.Yield | ast.YieldFrom | ast.Await | ast.Assert):
            return False
        if isinstance(node, ast.Call) and not _builds_default(node):
            return False
        if isinstance(node, ast.Name) and node.id == handler.name:
            return False
    return True


def _builds_default(call: ast.Call) -> bool:
    """``dict()``, ``list()``, ``float("nan")`` and the like."""
    return _name(call.func) in ("dict", "list", "set", "tuple", "str", "int", "float", "bool") and all(
        isinstance(argument, ast.Constant) for argument in call.args
    )


def _find_mocks(source: Source) -> Iterator[Finding]:
    advice = "Read real data; what stands in for it belongs into the tests."
    for node in source.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            names += [f"{node.module}.{a.name}" for a in node.names] if isinstance(node, ast.ImportFrom) else []
            used = next((name for name in names if name in _MOCKS), "")
            if used:
                yield _finding(source, node, "mocked-data", "error", f"{used} is imported outside of tests", advice)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and _MOCK_NAME.match(node.name):
            yield _finding(source, node, "mocked-data", "warning", f"{node.name} stands in for something real", advice)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.Return) and node.value is not None:
            yield from _find_made_up(source, node)


def _find_made_up(source: Source, node: ast.Assign | ast.AnnAssign | ast.Return) -> Iterator[Finding]:
    if isinstance(node, ast.Return):
        return
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    named = next((name for name in map(_name, targets) if _FIGURE.search(name)), "")
    made_up = any(
        isinstance(call, ast.Call) and _name(call.func).startswith("random.") for call in ast.walk(node.value or node)
    )
    if named and made_up:
        advice = "Measure it, or leave it without a value; a random figure looks like a measured one."
        yield _finding(source, node, "mocked-data", "error", f"{named} is made up by chance", advice)


def _find_settings(source: Source) -> Iterator[Finding]:
    if _CENTRAL.search(source.path):
        return
    for node, variable in _read_variables(source):
        if variable not in _SURROUNDINGS:
            yield _finding(
                source,
                node,
                "scattered-settings",
                "warning",
                f"{variable} is read here",
                "Read it in the settings module, and take its value from there.",
            )


def _read_variables(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Reads of variables that the code names; one that is named by a setting (the key of a provider) is none of them."""
    for node in source.nodes:
        key: ast.expr | None = None
        if isinstance(node, ast.Call) and _name(node.func) in ("os.environ.get", "os.getenv", "environ.get", "getenv"):
            key = node.args[0] if node.args else None
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            key = node.slice if _name(node.value) in ("os.environ", "environ") else None
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield node, key.value
        elif isinstance(key, ast.Name) and key.id.isupper():
            yield node, key.id


def _docstrings(source: Source) -> set[ast.AST]:
    """Texts that are statements: docstrings, and texts beneath a constant that explain it."""
    return {
        node.value
        for node in source.nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def _name(node: ast.AST) -> str:
    """``a.b.c`` of a name or an attribute; empty for anything else."""
    if isinstance(node, ast.Attribute):
        inner = _name(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""


def _finding(source: Source, node: ast.AST, rule: str, severity: Severity, what: str, advice: str) -> Finding:
    line = getattr(node, "lineno", 0)
    return Finding(rule=rule, severity=severity, path=source.path, line=line, what=what, advice=advice)
