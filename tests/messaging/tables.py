"""Every row of messaging, to prove that something changed nothing."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Model


def dump() -> dict[str, list[dict[str, Any]]]:
    """All rows of the app by table, with all they hold."""
    return {
        model._meta.db_table: _rows(model)
        for model in apps.get_app_config("messaging").get_models()
    }


def _rows(model: type[Model]) -> list[dict[str, Any]]:
    rows = list(model._default_manager.order_by("pk").values())
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
