"""One frozen view-model per screen. A page loads one, draws it, and computes nothing itself."""
