"""`manage.py write_emoji`: the picker's emoji as the file that browsers fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from inbox import emoji


class Command(BaseCommand):
    help = "Write static/emoji.json anew, after a change of inbox/emoji.py."

    def handle(self, *args: Any, **options: Any) -> None:
        """Overwrite the file."""
        (Path(settings.BASE_DIR) / "static" / "emoji.json").write_text(emoji.as_json(), "utf-8")
