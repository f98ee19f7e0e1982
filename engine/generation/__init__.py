"""Context to answer. The extractive generator needs no model."""
