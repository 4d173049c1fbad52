"""The page's JavaScript, asked for at once instead of one import after the other."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

ENTRY = "app.js"
IMPORT = re.compile(r'(?:import|from)\s+"\./([\w-]+\.js)"')


@register.simple_tag
def module_preloads() -> SafeString:
    """A `<link rel="modulepreload">` for each module that the page imports, however deep.

    Eighty small files in a chain of imports would cost a round trip for each of its links.
    """
    links = ((static(f"js/{name}"),) for name in _imported(ENTRY))
    return format_html_join("\n  ", '<link rel="modulepreload" href="{}">', links)


@lru_cache(maxsize=1)
def _imported(entry: str) -> tuple[str, ...]:
    folder = Path(settings.BASE_DIR) / "static" / "js"
    found: dict[str, None] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += IMPORT.findall((folder / name).read_text())
    return tuple(sorted(found))
