"""Rows of view-models to Plotly figures. Plotly is imported when the first figure is built, not before.

Figures leave ground and text colours to the page's theme. A title says the finding; axes carry their units.
"""
