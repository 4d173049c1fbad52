"""What a programme tells: its seed, its figures, and whatever went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_LINES = 20


@dataclass(slots=True, kw_only=True)
class Report:
    """Good when `problems` is empty; figures are for people."""

    name: str
    seed: int
    figures: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.problems

    def lines(self) -> Iterator[str]:
        """For whoever watches."""
        yield f"{self.name}, seed {self.seed}"
        for name, figure in self.figures.items():
            yield f"  {name}: {figure}"
        yield from self.problems[:MOST_LINES] or ["  no problem found"]
        if len(self.problems) > MOST_LINES:
            yield f"... and {len(self.problems) - MOST_LINES} more"

    def words(self) -> str:
        """For a row of a table."""
        told = ", ".join(f"{figure} {name}" for name, figure in self.figures.items())
        verdict = f"{len(self.problems)} problems" if self.problems else "no problem found"
        return f"{told}: {verdict}"
