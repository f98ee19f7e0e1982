"""Phasegate's engine: everything but the screens."""

import os

# Read when numpy is loaded. By default OpenBLAS' threads go on spinning for tens of milliseconds after each product, which
# takes the other core from the next question: half of the processor time of an answer (docs/decisions/0031).
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "10")
