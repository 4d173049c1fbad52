"""What a rule finds."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.models import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that holds now; `dedup_key` names it for as long as it does."""

    organization_id: int
    dedup_key: str
    severity: Severity
    title: str
    body: str
