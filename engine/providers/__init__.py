"""Remote models through litellm. This package alone imports it, when a remote model is first used: it takes seconds.

litellm's telemetry, and its fetching of prices from outside, are switched off before it loads.
"""

from __future__ import annotations

import os
from types import ModuleType

_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOG": "ERROR",
}


def load_litellm() -> ModuleType:
    """The litellm module, quiet."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.DEFAULT_MAX_RETRIES = 0  # type: ignore[misc]  # it takes a call's max_retries=0 for none, and tries three times
    return litellm
