"""Variables of what comes from WhatsApp and what leaves to it."""

from __future__ import annotations

from config.variable import Group, Variable

WHATSAPP = Group(
    "WhatsApp",
    (
        Variable(
            "GRAPH_API_URL",
            "Address of the Graph API, without a version. A connection's own address wins.",
        ),
        Variable(
            "WHATSAPP_API_VERSION",
            "Version of the Graph API for connections that name none.",
        ),
        Variable(
            "WEBHOOK_TIMEOUT",
            "Seconds within which a delivery has to be stored; after that the answer is 503 "
            "and the provider repeats it.",
        ),
        Variable(
            "WEBHOOK_UNSIGNED_RATE",
            "Wrongly signed calls a second from one address that are answered 403, and calls "
            "to unknown addresses that are answered 404; more are answered 429. Genuine calls "
            "are never slowed.",
        ),
        Variable(
            "SPOOL_DIR",
            "Folder on a local disk in which the gateway keeps deliveries while Postgres does "
            "not take them, instead of answering 503. Empty: no spool.",
        ),
        Variable(
            "SPOOL_MAX_BYTES",
            "Size of the spool from which on the answer is 503 again.",
        ),
        Variable(
            "PROCESSING_RETRY_DELAYS",
            "Seconds to wait after each failure of Postgres while deliveries are applied, "
            "after each failed try to apply an item of one, and after each failed try to "
            "fetch a file. The last one repeats.",
        ),
        Variable(
            "PROCESSING_MAX_ATTEMPTS",
            "Tries to apply an item or to fetch a file before it is given up and waits for a "
            "person.",
        ),
        Variable(
            "BODY_RETENTION_DAYS",
            "Days after which the raw body of a finished delivery is emptied; 0 keeps it for "
            "ever. Lines of the ledger, and what was made of the body, stay.",
        ),
        Variable(
            "SEND_RETRY_DELAYS",
            "Seconds to wait after each send that certainly did not leave, spread by 20 %. "
            "The last one repeats.",
        ),
        Variable(
            "SEND_MAX_ATTEMPTS",
            "Attempts before a message is given up. Waits that the provider asked for do not "
            "count.",
        ),
        Variable(
            "RETRY_CODES",
            "Further error codes of the Graph API after which a message may be sent again, "
            "separated by commas. Only codes that prove it was not taken.",
        ),
        Variable(
            "SEND_DEADLINE_SERVICE",
            "Seconds after which a reply that still waits is given up: an old answer is worse "
            "than a visible failure.",
        ),
        Variable("SEND_DEADLINE_UTILITY", "The same for utility templates."),
        Variable(
            "SEND_DEADLINE_AUTHENTICATION",
            "The same for authentication templates, whose codes do not live long.",
        ),
        Variable("SEND_DEADLINE_MARKETING", "The same for marketing templates."),
        Variable(
            "BREAKER_FAILURES",
            "Failures of the provider's infrastructure (not reached, cut off, busy) through "
            "one number or host after which nothing is sent through it for a while. Each "
            "answer that could be read makes up for one.",
        ),
        Variable("BREAKER_WINDOW_SECONDS", "Seconds within which they have to fall."),
        Variable(
            "BREAKER_OPEN_SECONDS",
            "Seconds after which the provider is asked with a harmless GET whether it works again.",
        ),
        Variable(
            "DLQ_RETRY_RATE",
            "Messages a second, at most, that a retry of dead letters lets leave through one "
            "number.",
        ),
        Variable(
            "CONSENT_POLICY",
            "For which messages a contact must have said yes, where an organisation has not "
            "chosen: `every_message` (all that is sent outside the 24-hour window), "
            "`templates` or `marketing` (marketing templates). Replies within the window "
            "need no consent.",
        ),
        Variable(
            "SEND_JOURNAL_DIR",
            "Folder on a local disk, kept over restarts and never shared by machines, for "
            "answers of the provider that Postgres could not take, and for how far this "
            "machine has seen the database.",
            default="`journal` in `DATA_DIR`",
        ),
        Variable(
            "LEASE_SECONDS",
            "How long a lease on a conversation lasts after it was taken or last renewed.",
        ),
        Variable(
            "LEASE_HEARTBEAT_SECONDS",
            "How often the page of an agent who replies renews the lease; a third of "
            "`LEASE_SECONDS`, so that one renewal may be lost.",
        ),
        Variable(
            "UNDO_SECONDS",
            "How long a reply from the composer waits, so that it can be undone; 0 sends at once. "
            "What programs send never waits.",
        ),
    ),
)
