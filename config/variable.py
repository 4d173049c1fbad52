"""The shape of an entry in the list of variables (config/variables.py)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """One name. `default` only where config/settings.py holds no plain value for it."""

    name: str
    about: str
    default: str = ""
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Names that belong together."""

    title: str
    variables: tuple[Variable, ...]
