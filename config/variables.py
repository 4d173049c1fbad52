"""What every variable of the environment does.

Defaults are not repeated here: config/reference.py reads them from the calls in
config/settings.py, and only what is computed there is put into words.
"""

from __future__ import annotations

from config.variable import Group, Variable
from config.whatsapp_variables import WHATSAPP

GROUPS = (
    Group(
        "Keys and data",
        (
            Variable(
                "SECRET_KEY",
                "Signs sessions, links in mails and the mark that travels with every send. "
                "A new one logs everybody out.",
                is_secret=True,
            ),
            Variable(
                "FIELD_ENCRYPTION_KEYS",
                "Fernet keys for connection secrets at rest, separated by commas. The first one "
                "encrypts, all of them decrypt.",
                is_secret=True,
            ),
            Variable(
                "DATABASE_URL",
                "Postgres 14 or newer: `postgresql://user:password@host:5432/name`. Without it "
                "`manage.py` starts a Postgres of its own, which is meant for trying things out.",
                is_secret=True,
            ),
            Variable(
                "REDIS_URL",
                "Redis 6.2 or newer, or Valkey 7.2 or newer: broker and live updates. Without it "
                "`manage.py` starts a Redis of its own; other commands use the default.",
                is_secret=True,
            ),
            Variable(
                "DATA_DIR",
                "Folder of everything kept on disk: generated keys, embedded servers, the "
                "simulator's data, `run.json`.",
                default="`.data` in the checkout",
            ),
            Variable(
                "DATABASE_POOL",
                "Whether this process keeps a pool of Postgres connections. The web process sets "
                "it for itself; a process that forks must not have one.",
            ),
        ),
    ),
    Group(
        "Addresses and proxies",
        (
            Variable(
                "PUBLIC_URL",
                "The address browsers and Meta use, without a final slash. Used in the callback "
                "URL that `setup` prints.",
            ),
            Variable("ALLOWED_HOSTS", "Host names this installation answers to."),
            Variable(
                "CSRF_TRUSTED_ORIGINS",
                "Origins whose forms are accepted, with scheme.",
                default="`PUBLIC_URL`, if set",
            ),
            Variable(
                "TRUSTED_PROXY_COUNT",
                "Proxies of your own in front of the web process and the gateway. With 0 the "
                "headers `X-Forwarded-For` and `X-Forwarded-Proto` count for nothing.",
            ),
            Variable(
                "SECURE_SSL_REDIRECT",
                "Whether plain HTTP is redirected to HTTPS. Webhooks, health and metrics are "
                "left out.",
                default="on, except in a demo, or where `PUBLIC_URL` begins with `http://`",
            ),
            Variable(
                "PORT",
                "Port of the web process. `manage.py up` gives the next one to the gateway and "
                "the one after that to the simulator.",
                default="8000 under `manage.py up`",
            ),
            Variable(
                "GATEWAY_PORT",
                "Port of the gateway, where something other than `manage.py up` runs the Procfile.",
                default="`PORT` + 1 under `manage.py up`",
            ),
            Variable(
                "SIMULATOR_PORT",
                "Port of the simulator, where something other than `manage.py up` runs the "
                "Procfile.",
                default="`PORT` + 2 under `manage.py up`",
            ),
        ),
    ),
    Group(
        "Files of messages",
        (
            Variable(
                "MEDIA_ROOT",
                "Folder of the files that customers send. Back it up. With a bucket, what is on "
                "its way there.",
                default="`media` in `DATA_DIR`",
            ),
            Variable(
                "MEDIA_S3_BUCKET",
                "Keep those files in this bucket instead. Needs the extra `s3`: "
                "`uv sync --locked --extra s3`.",
            ),
            Variable("MEDIA_S3_ENDPOINT", "Address of a bucket that is not at AWS: `https://…`."),
            Variable("MEDIA_S3_REGION", "Region of the bucket."),
            Variable(
                "MEDIA_S3_ACCESS_KEY",
                "Key of the bucket; without it the machine's own role is used.",
                is_secret=True,
            ),
            Variable("MEDIA_S3_SECRET_KEY", "Its secret.", is_secret=True),
        ),
    ),
    Group(
        "Logging in",
        (
            Variable(
                "LOGIN_ATTEMPTS_PER_ADDRESS",
                "Attempts from one address within the window before it has to wait.",
            ),
            Variable(
                "LOGIN_ATTEMPTS_PER_ACCOUNT",
                "Attempts at one account within the window before it has to wait.",
            ),
            Variable("LOGIN_ATTEMPTS_WINDOW_SECONDS", "How long an attempt counts."),
        ),
    ),
    WHATSAPP,
    Group(
        "First set-up (`manage.py setup` asks for what is not set)",
        (
            Variable("WHATSAPP_ORGANIZATION", "Name of the organisation.", default="asked"),
            Variable("WHATSAPP_OWNER_EMAIL", "Its first owner's email.", default="asked"),
            Variable("WHATSAPP_OWNER_NAME", "The owner's name.", default="asked"),
            Variable(
                "WHATSAPP_OWNER_PASSWORD", "The owner's password.", default="asked", is_secret=True
            ),
            Variable(
                "WHATSAPP_PHONE_NUMBER_ID",
                "Id of the number at Meta (not the number itself).",
                default="asked",
            ),
            Variable(
                "WHATSAPP_ACCESS_TOKEN",
                "Token of a system user that may send through this number.",
                default="asked",
                is_secret=True,
            ),
            Variable(
                "WHATSAPP_APP_SECRET",
                "Secret of the Meta app, which signs its webhooks.",
                default="asked",
                is_secret=True,
            ),
            Variable(
                "WHATSAPP_VERIFY_TOKEN",
                "Word that Meta repeats when the callback URL is saved.",
                default="a new one is made",
                is_secret=True,
            ),
        ),
    ),
    Group(
        "Mail",
        (
            Variable(
                "EMAIL_URL",
                "Mail server for invitations and password resets, as in "
                "`smtp+tls://user:password@host:587`. The default writes mails to the log.",
                is_secret=True,
            ),
            Variable("DEFAULT_FROM_EMAIL", "Sender of those mails."),
        ),
    ),
    Group(
        "Logs and figures",
        (
            Variable("LOG_LEVEL", "`DEBUG`, `INFO`, `WARNING` or `ERROR`."),
            Variable("LOG_FORMAT", "`console` for people, `json` for machines."),
            Variable("METRICS_TOKEN", "Bearer token that may read `/metrics`.", is_secret=True),
            Variable(
                "METRICS_ALLOWED_ADDRESSES", "Addresses that may read `/metrics` without a token."
            ),
            Variable(
                "PROMETHEUS_MULTIPROC_DIR",
                "Folder in which processes share their figures, so that one scrape sees all of "
                "them. Must exist, and be emptied before a start.",
                default="`metrics` in `DATA_DIR` under `manage.py up`, else none",
            ),
        ),
    ),
    Group(
        "Not for production",
        (
            Variable(
                "DEMO",
                "Allows `seed_demo`, whose passwords are public, and works without HTTPS. "
                "`make demo` sets it.",
            ),
            Variable(
                "TESTING",
                "Set by the tests: works without HTTPS and on a Postgres that may lose data.",
            ),
            Variable(
                "FAILPOINTS",
                "Places at which tests break processes, as in `drain.claimed=kill@3`; counts for "
                "nothing without `TESTING`.",
            ),
        ),
    ),
)
