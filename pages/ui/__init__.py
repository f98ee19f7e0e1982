"""Widgets that screens share. They draw view-models and compute nothing."""
