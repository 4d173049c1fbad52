"""Style sheets do not make browsers work more than the eye can see."""

from __future__ import annotations

import re

from inbox.processes.state import BASE_DIR


def test_no_rule_reaches_from_any_element_to_the_next() -> None:
    """`* + *` lets whatever comes or goes anywhere restyle all of the page.

    Measured: 2,460 elements instead of 440 when a conversation is opened.
    """
    for path in (BASE_DIR / "static" / "css").glob("*.css"):
        found = re.findall(r"(?:^|[^/])\*\s*[+~]\s[^;{]*\{", path.read_text(), re.MULTILINE)
        assert found == [], path.name
