"""Rules over all files: functions that are there twice, and engines that are opened more than once."""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from engine.code_audit.findings import Finding, Source

SMALLEST = 40
"""Nodes of syntax under which two functions may well be alike by chance."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef
# Calls that open an engine, a store or a client which a process should have one of.
_ENGINES = {
    "open_store": "the store",
    "open_pipeline": "a pipeline",
    "RagPipeline": "a pipeline",
    "ServingRuntime": "the runtime",
    "ModelChain": "a chain of models",
    "connect": "a database",
    "create_engine": "a database",
    "create_async_engine": "a database",
    "MongoClient": "a database",
    "Redis": "a cache",
    "QdrantClient": "an index",
    "PersistentClient": "an index",
    "SentenceTransformer": "a model",
    "InferenceSession": "a model",
    "OpenAI": "a client of a model",
    "AsyncOpenAI": "a client of a model",
    "Anthropic": "a client of a model",
}


def find_duplicates(sources: Sequence[Source]) -> Iterator[Finding]:
    """Functions whose bodies say the same, whatever their local names, annotations and docstrings."""
    seen: dict[str, list[tuple[Source, _Function]]] = defaultdict(list)
    for source in sources:
        constants = _list_constants(source)
        for node in source.nodes:
            if isinstance(node, _Function) and _count(node) >= SMALLEST:
                seen[_fingerprint(node, constants)].append((source, node))
    for group in seen.values():
        first, *others = sorted(group, key=lambda pair: (pair[0].path, pair[1].lineno))
        for source, node in others:
            yield Finding(
                rule="duplicate-function",
                severity="warning",
                path=source.path,
                line=node.lineno,
                what=f"{node.name} says the same as {first[1].name} of {first[0].path}:{first[1].lineno}",
                advice="Keep one of them, where its concern lives, and call it.",
            )


def find_second_engines(sources: Sequence[Source]) -> Iterator[Finding]:
    """What is opened when a module is imported, in more than one place."""
    opened: dict[str, list[tuple[Source, ast.Call]]] = defaultdict(list)
    for source in sources:
        for call in _calls_on_import(source):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in _ENGINES:
                opened[_ENGINES[name]].append((source, call))
    for what, calls in opened.items():
        first, *others = calls
        for source, call in others:
            yield Finding(
                rule="second-engine",
                severity="error",
                path=source.path,
                line=call.lineno,
                what=f"{what} is opened on import, as in {first[0].path}:{first[1].lineno} already",
                advice="Open it once, where it is first needed, and hand it on.",
            )


def _calls_on_import(source: Source) -> Iterator[ast.Call]:
    """Calls outside of functions and of ``if __name__ == "__main__"``."""
    waiting: list[ast.AST] = [node for node in _body_of(source) if not _is_main(node)]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, _Function | ast.Lambda):
            continue
        if isinstance(node, ast.Call):
            yield node
        waiting.extend(ast.iter_child_nodes(node))


def _body_of(source: Source) -> list[ast.stmt]:
    module = source.nodes[0] if source.nodes else None
    return module.body if isinstance(module, ast.Module) else []


def _list_constants(source: Source) -> dict[str, str]:
    """Names that the module gives a value once and for all, with that value: two functions may differ in it alone."""
    return {
        target.id: ast.dump(node.value)
        for node in _body_of(source)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test)


def _count(node: _Function) -> int:
    return sum(1 for statement in node.body for _ in ast.walk(statement))


def _fingerprint(node: _Function, constants: Mapping[str, str]) -> str:
    """A hash over the body: local names numbered, the module's constants by their values, the rest as it is."""
    local = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
    local |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    names = _LocalNames(local, {name: value for name, value in constants.items() if name not in local})
    parts: list[str] = [str(len(node.args.args)), type(node).__name__]
    for statement in body:
        _describe(statement, names, parts)
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()


class _LocalNames:
    """What stands for a name: a number in order of appearance for a local one, its value for one of the module's constants."""

    def __init__(self, local: set[str], constants: Mapping[str, str]) -> None:
        self._local, self._constants = local, constants
        self._numbers: dict[str, str] = {}

    def replace(self, name: str) -> str | None:
        """The replacement; None for a name that stays as it is."""
        if name in self._local:
            return self._numbers.setdefault(name, f"#{len(self._numbers)}")
        return self._constants.get(name)


def _describe(node: ast.AST, names: _LocalNames, parts: list[str]) -> None:
    parts.append(type(node).__name__)
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "type_comment", "ctx", "kind", "returns"):
            continue
        for one in value if isinstance(value, list) else [value]:
            replaced = names.replace(one) if isinstance(one, str) and name in ("id", "arg", "name") else None
            if isinstance(one, ast.AST):
                _describe(one, names, parts)
            elif replaced is not None:
                parts.append(replaced)
            elif one is not None:
                parts.append(f"{name}={one!r}")
    parts.append(")")
