"""Static files are kept by browsers for good, until one of them changes."""

from __future__ import annotations

import asyncio
import re

from django.conf import settings
from django.templatetags.static import static
from django.test import AsyncClient, Client

from config import assets


def got(path: str):
    return asyncio.run(AsyncClient().get(path))


def test_a_file_stands_at_an_address_that_never_changes_what_it_says() -> None:
    address = static("js/app.js")
    assert re.fullmatch(rf"/static/{assets.PATTERN}/js/app\.js", address)
    answer = got(address)
    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]


def test_any_change_is_another_version(tmp_path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "one.js").write_text("1;")
    first = assets.version_of(tmp_path, [])
    (tmp_path / "js" / "one.js").write_text("2;")
    second = assets.version_of(tmp_path, [])
    (tmp_path / "js" / "one.js").rename(tmp_path / "js" / "two.js")
    third, fourth = assets.version_of(tmp_path, []), assets.version_of(tmp_path, ["django"])
    found = {first, second, third, fourth}
    assert len(found) == 4
    assert all(re.fullmatch(assets.PATTERN, each) for each in found)


def test_a_page_of_another_version_gets_what_is_here_and_keeps_it_not(db) -> None:
    answer = Client().get("/static/v0123456789ab/js/app.js")
    assert (answer.status_code, answer["Location"]) == (302, static("js/app.js"))
    assert "Cache-Control" not in answer
    missing = f"/static/{settings.STATIC_VERSION}/js/no.js"
    assert Client().get(missing).status_code == 404
