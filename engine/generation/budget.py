"""Passages under a model's budget: what the model can read, less the question, the template and room for the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.errors import ProviderError
from engine.types import ContextPart

# Room for the answer, in tokens.
ANSWER_TOKENS = 512
# Another model's tokenizer counts otherwise than ours: on English prose by up to a fifth.
TOKEN_MARGIN = 1.2
FEWEST_TOKENS = 20
Count = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The passages that a model can read, best first; ``cut`` says what was left out, or is empty."""

    parts: tuple[ContextPart, ...]
    cut: str = ""


class Fitter:
    """Fits passages into the window of one chain of models.

    Args:
        prompt: the texts of the template.
        count: tokens of texts by our tokenizer.
        find_window: tokens that the models read and write together, None when nobody knows; asked once, in a thread.
    """

    def __init__(self, prompt: Sequence[str], count: Count, find_window: Callable[[], int | None]) -> None:
        self._prompt, self._count, self._find_window = tuple(prompt), count, find_window
        self._window: int | None = None
        self._asked = False

    async def fit(self, question: str, background: Sequence[str], parts: Sequence[ContextPart]) -> Fitted:
        """The passages that the models can read beside a question and what it leans on.

        All of them where nobody knows the window: the setting ``budget_tokens`` has bounded them.

        Raises:
            ProviderError: not even one of them.
        """
        if not self._asked:
            self._window, self._asked = await asyncio.to_thread(self._find_window), True
        if self._window is None:
            return Fitted(parts=tuple(parts))
        fitted = await asyncio.to_thread(self._cut, self._window, [*self._prompt, question, *background], parts)
        if not fitted.parts:
            raise ProviderError(
                f"The model reads {self._window:,} tokens, and the question leaves no room for passages.", "Shorten it."
            )
        return fitted

    def _cut(self, window: int, other: Sequence[str], parts: Sequence[ContextPart]) -> Fitted:
        return fit_parts(parts, window, sum(self._count(other)), self._count)


def fit_parts(parts: Sequence[ContextPart], window: int, overhead: int, count: Count) -> Fitted:
    """Keep the best passages that fit; the first that does not is cut at a word when nothing else would be left.

    Args:
        window: tokens that the model reads and writes together.
        overhead: tokens of template, question and earlier questions.
        count: tokens of texts by our tokenizer.
    """
    room = int((window - ANSWER_TOKENS) / TOKEN_MARGIN) - overhead
    sizes = count([f"[1] ({part.document})\n{part.text}" for part in parts])
    kept: list[ContextPart] = []
    for part, size in zip(parts, sizes, strict=True):
        if size > room:
            break
        kept.append(part)
        room -= size
    if len(kept) == len(parts):
        return Fitted(parts=tuple(parts))
    if not kept and room >= FEWEST_TOKENS and parts:
        kept = [_shorten(parts[0], room / sizes[0])]
        return Fitted(
            parts=tuple(kept), cut=f"The model reads {window:,} tokens: the best passage was cut, the others left out."
        )
    left_out = len(parts) - len(kept)
    return Fitted(
        parts=tuple(kept), cut=f"The model reads {window:,} tokens: {left_out} of {len(parts)} passages were left out."
    )


def _shorten(part: ContextPart, share: float) -> ContextPart:
    length = int(len(part.text) * share * 0.9)
    text = part.text[:length]
    text = text[: text.rfind(" ")] if " " in text else text
    return replace(part, text=text, end=part.start + len(text))
