"""The list of environment variables, what the code reads, and the pages made from it agree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import reference, variables
from config.reference import ROOT

PACKAGES = ("alerts", "config", "inbox", "locking", "messaging", "outbound")
# The system's and Django's own.
NOT_OURS = {"PATH", "DJANGO_SETTINGS_MODULE"}
IN_PROCFILE = re.compile(r"\$\{?([A-Z][A-Z_]+)")
OF_SETUP = re.compile(r"WHATSAPP_[A-Z_]+")
LISTED = {variable.name: variable for group in variables.GROUPS for variable in group.variables}


def names_read() -> set[str]:
    names = set(IN_PROCFILE.findall((ROOT / "Procfile").read_text("utf-8")))
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if "migrations" not in path.parts:
                names.update(_names_in(path))
    return names - NOT_OURS


def _names_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if reference.name_read(
                node
            ) or ast.unparse(node.func) in {"os.getenv", "environ.get"}:
                yield name
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name
            case ast.Subscript(
                value=ast.Attribute(attr="environ"),
                slice=ast.Constant(value=str(name)),
                ctx=ast.Load(),
            ):
                yield name
            # `setup` reads the names in its list of questions.
            case ast.Constant(value=str(name)) if path.name == "setup.py" and OF_SETUP.fullmatch(
                name
            ):
                yield name


def test_every_name_that_is_read_is_listed_and_the_other_way_round() -> None:
    assert names_read() == set(LISTED)


def test_defaults_stand_in_one_place() -> None:
    known = reference.defaults()
    for variable in LISTED.values():
        assert bool(variable.default) != (variable.name in known), variable.name


def test_what_settings_refuse_to_do_without_is_shown_as_required() -> None:
    known = reference.defaults()
    required = {name for name, value in known.items() if value == reference.REQUIRED}
    assert required == {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL"}
    for name in required:
        assert f"\n{name}=\n" in reference.example()


@pytest.mark.parametrize("path", reference.targets(), ids=lambda path: path.name)
def test_the_pages_are_up_to_date(path: Path) -> None:
    assert path.read_text("utf-8") == reference.targets()[path], (
        "run `python -m config.reference --write`"
    )
