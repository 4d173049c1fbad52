"""Answers are JSON, whatever a client says it accepts."""

from __future__ import annotations

from rest_framework import renderers


class JSONRenderer(renderers.JSONRenderer):
    """Compact UTF-8; one media type, so there is nothing to negotiate."""

    charset = None
