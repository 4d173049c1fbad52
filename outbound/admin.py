"""What leaves, for operators; one file for each subject."""

from __future__ import annotations

from outbound import template_admin

__all__ = ["template_admin"]
