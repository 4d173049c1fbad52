"""How every connection to Postgres is made, whatever a role or a server has for a default."""

from __future__ import annotations

# A process that freezes in mid-transaction must let go of its locks, and a role's own setting
# must not take the safety out of a commit.
SESSION = (
    "synchronous_commit=on",
    "lock_timeout=10s",
    "statement_timeout=60s",
    # Compiling a plan costs more than any page may take.
    "jit=off",
    "idle_in_transaction_session_timeout=30s",
)
OPTIONS: dict[str, object] = {
    "connect_timeout": 5,
    "application_name": "inbox",
    "tcp_user_timeout": 30_000,
    "options": " ".join(f"-c {setting}" for setting in SESSION),
}
