"""Validation of a phase: everything that it needs, run, gated and reported by one command that can be resumed."""
