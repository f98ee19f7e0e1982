"""Roadmaps: phases, KPIs, goals, and the gates that hold measured runs against them."""
