from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class LoginAttempt(models.Model):
    """One try to log in that has not succeeded; forgotten with the window it counts in.

    `account_key` is a hash of the address typed, whether or not anybody has it.
    """

    address = models.CharField(max_length=64)
    account_key = models.CharField(max_length=64)
    attempted_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            # Serve the two limits.
            models.Index(fields=["address", "attempted_at"], name="login_attempt_address"),
            models.Index(fields=["account_key", "attempted_at"], name="login_attempt_account"),
            # Serves forgetting.
            models.Index(fields=["attempted_at"], name="login_attempt_age"),
        ]

    def __str__(self) -> str:
        return f"attempt from {self.address}"
