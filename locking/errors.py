from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.base_user import AbstractBaseUser


class LeaseHeld(Exception):
    """Somebody else holds the lease: who, and until when unless they renew it."""

    def __init__(self, by: AbstractBaseUser, until: datetime) -> None:
        super().__init__(by, until)
        self.by = by
        self.until = until


class LeaseLost(Exception):
    """The token is no longer the lease's: it was taken over, released, or ran out for good.

    `by` and `until` name the present holder, if there is one.
    """

    def __init__(self, by: AbstractBaseUser | None = None, until: datetime | None = None) -> None:
        super().__init__(by, until)
        self.by = by
        self.until = until
