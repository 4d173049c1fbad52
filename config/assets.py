"""Static files at an address that names their contents, so that browsers keep them for good.

Modules and style sheets name each other by relative paths, so the version stands in front of
them all: nothing has to be rewritten or collected.
"""

from __future__ import annotations

from hashlib import blake2b
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping
    from pathlib import Path

PATTERN = "v[0-9a-f]{12}"
YEAR = 365 * 24 * 3600


def version_of(folder: Path, packages: Iterable[str]) -> str:
    """Another one after any change of a file in `folder`, or of a package that brings files."""
    said = blake2b(digest_size=6)
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        said.update(f"{path.relative_to(folder)}\0".encode())
        said.update(blake2b(path.read_bytes()).digest())
    for name in packages:
        said.update(f"{name} {metadata.version(name)}\0".encode())
    return f"v{said.hexdigest()}"


def keep(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
    """What stands under a version never says anything else."""
    headers["Cache-Control"] = f"max-age={YEAR}, public, immutable"
