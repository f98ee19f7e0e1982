"""The Tuning lab: a whole suite under any settings in a fraction of a second, without embedding anything again."""

from __future__ import annotations

from engine.tuning.faithfulness import Faithfulness, measure_faithfulness
from engine.tuning.lab import Lab, open_lab
from engine.tuning.types import CaseFigures, Figure, LabCase, PairedDifference, QuestionView, SuiteFigures

__all__ = [
    "CaseFigures",
    "Faithfulness",
    "Figure",
    "Lab",
    "LabCase",
    "PairedDifference",
    "QuestionView",
    "SuiteFigures",
    "measure_faithfulness",
    "open_lab",
]
