"""What people in a made-up past say: a few words very often, most words rarely. *Pure.*"""

from __future__ import annotations

import random

SYLLABLES = ("pa", "ri", "to", "lo", "me", "sa", "bo", "ne", "ka", "du", "fi", "vo", "gra", "chu")
FREQUENT = (
    *("please", "thanks", "order", "cake", "today", "tomorrow", "time", "price", "delivery"),
    *("address", "yes", "hello", "good", "morning", "bread", "birthday", "how", "much", "open"),
)
NAMES = ("Ana", "João", "Maria", "Yusuf", "Niamh", "Jürgen", "Amélie", "Kwame", "Ayşe", "Sofía")
FAMILIES = ("Mendonça", "O'Sullivan", "Großmann", "Fontaine", "Boateng", "Yıldırım", "Albuquerque")
PHRASES = 5_000
# One message in so many names an order of its own, so that something is there to be found.
RARE_EVERY = 50


def phrases() -> list[str]:
    """PHRASES texts of 3 to 14 words, the same ones every time."""
    dice = random.Random(7)  # noqa: S311 - repeatable, not secret
    made_up = ["".join(dice.choices(SYLLABLES, k=dice.randint(2, 4))) for _ in range(8_000)]
    vocabulary = [*FREQUENT, *made_up]
    weights = [1 / (rank + 2) for rank in range(len(vocabulary))]
    return [
        " ".join(dice.choices(vocabulary, weights, k=dice.randint(3, 14))) for _ in range(PHRASES)
    ]


def name_of(place: int) -> str:
    """What the customer of that number is called."""
    first, family = NAMES[place % len(NAMES)], FAMILIES[place // len(NAMES) % len(FAMILIES)]
    return f"{first} {family} {place}"


def rare(number: int) -> str:
    """The order that message `number` names, or nothing."""
    return "" if number % RARE_EVERY else f" PA{number // RARE_EVERY:07d}"
