"""docs/configuration.md and .env.example, made from config/variables.py and config/settings.py.

`python -m config.reference --write` writes both anew; without `--write` it says what is stale.
"""

from __future__ import annotations

import argparse
import ast
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from config.variable import Variable
from config.variables import GROUPS

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "config" / "settings.py"
LINE_WIDTH = 96

CONFIGURATION_HEAD = """\
# Configuration

Every variable that the code reads. The table is made by `python -m config.reference --write`;
a test fails when it no longer agrees with the code.

- Lists are separated by commas. Booleans are `true` or `false`.
- Secrets can be read from files: `SECRET_KEY_FILE=/run/secrets/secret_key` stands for
  `SECRET_KEY`. This works for every name marked *secret*.
- *Required* means: where `DATABASE_URL` is set, the start ends with one sentence if it is
  missing. Without `DATABASE_URL`, `manage.py` makes keys once and keeps them in `DATA_DIR`.
- A file with these lines is [.env.example](../.env.example). Nothing reads a `.env` by itself:
  give it to systemd as `EnvironmentFile`, or to a shell with `set -a; . ./.env; set +a`.

"""
EXAMPLE_HEAD = """\
# Every variable, with its default after the "#" where it has one; docs/configuration.md says
# more. Nothing reads this file by itself: give a copy of it to systemd as EnvironmentFile, or to
# a shell with `set -a; . ./.env; set +a`. Secrets may be put into files: SECRET_KEY_FILE=/path.
"""
REQUIRED = "required"


def defaults() -> dict[str, str]:
    """What config/settings.py falls back to, as one would write it; computed ones are left out.

    REQUIRED where it falls back to nothing.
    """
    found = {}
    for node in ast.walk(ast.parse(SETTINGS.read_text("utf-8"))):
        if isinstance(node, ast.Call) and (name := name_read(node)):
            if isinstance(node.func, ast.Name):
                found[name] = REQUIRED
            elif (value := _literal(node)) is not None and name not in found:
                found[name] = value
    return found


def name_read(call: ast.Call) -> str:
    """NAME of `env.str("NAME", …)` and of `required("NAME", …)`, else nothing."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="env")) | ast.Name(id="required"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return name
    return ""


def configuration() -> str:
    """The text of docs/configuration.md."""
    lines = ["| Name | Default | What it does |", "| --- | --- | --- |"]
    known = defaults()
    for group in GROUPS:
        lines.append(f"| **{group.title}** | | |")
        for variable in group.variables:
            secret = " *Secret.*" if variable.is_secret else ""
            shown = _shown(variable, known)
            lines.append(f"| `{variable.name}` | {shown} | {variable.about}{secret} |")
    return CONFIGURATION_HEAD + "\n".join(lines) + "\n"


def example() -> str:
    """The text of .env.example."""
    lines = [EXAMPLE_HEAD]
    known = defaults()
    for group in GROUPS:
        lines += [f"# --- {group.title} ".replace("`", "").ljust(LINE_WIDTH, "-"), ""]
        for variable in group.variables:
            lines += [*_remark(variable), _assignment(variable, known), ""]
    return "\n".join(lines).rstrip() + "\n"


def targets() -> dict[Path, str]:
    """The files that are made from this one, with what has to be in them."""
    return {
        ROOT / "docs" / "configuration.md": configuration(),
        ROOT / ".env.example": example(),
    }


def _literal(call: ast.Call) -> str | None:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "default"]
    for node in [*given, *reversed(call.args[1:])]:
        try:
            return _written(ast.literal_eval(node))
        except ValueError:
            continue
    return None


def _written(value: object) -> str:
    """A Python value as it would stand in the environment."""
    if isinstance(value, list):
        return ",".join(_written(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shown(variable: Variable, known: dict[str, str]) -> str:
    if variable.default:
        return variable.default
    value = known[variable.name]
    if value == REQUIRED:
        return f"*{REQUIRED}*"
    return f"`{value}`" if value else "empty"


def _remark(variable: Variable) -> Iterator[str]:
    words = variable.about
    if variable.default:
        words += f" Default: {variable.default}."
    for line in textwrap.wrap(words.replace("`", ""), LINE_WIDTH - 2):
        yield f"# {line}"


def _assignment(variable: Variable, known: dict[str, str]) -> str:
    value = "" if variable.default else known[variable.name]
    return f"{variable.name}=" if value == REQUIRED else f"#{variable.name}={value}"


def main() -> int:
    """Write the files, or say which of them are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the files anew")
    is_writing = parser.parse_args().write
    stale = 0
    for path, text in targets().items():
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if is_writing:
            path.write_text(text, "utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)} {'written' if is_writing else 'is stale'}\n")
        stale += not is_writing
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
