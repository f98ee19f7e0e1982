"""HTTP routes beside the screens. They carry no XSRF or sign-in of their own: the app listens on loopback by default."""

from __future__ import annotations

from engine.api.health import HEALTH_ROUTES

ROUTES = [*HEALTH_ROUTES]
