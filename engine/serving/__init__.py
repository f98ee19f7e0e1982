"""Serving: what stands between a question at a door and the pipeline: caches, limits, quotas."""
