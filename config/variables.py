"""What every variable of the environment does, for docs/configuration.md and .env.example.

`python -m config.variables --write` writes both anew. Defaults are not repeated here: they are
read from the calls in config/settings.py, and only what is computed there is put into words.
"""

from __future__ import annotations

import argparse
import ast
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "config" / "settings.py"
LINE_WIDTH = 96


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
    Group(
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
                "Wrongly signed calls a second from one address that are answered 403; more are "
                "answered 429. Genuine calls are never slowed.",
            ),
            Variable(
                "PROCESSING_RETRY_DELAYS",
                "Seconds to wait after each failure of Postgres while deliveries are applied.",
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
                "LEASE_SECONDS",
                "How long a lease on a conversation lasts after it was taken or last renewed.",
            ),
        ),
    ),
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
        ),
    ),
)

CONFIGURATION_HEAD = """\
# Configuration

Every variable that the code reads. The table is made by `python -m config.variables --write`;
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
