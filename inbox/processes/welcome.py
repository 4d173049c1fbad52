"""Whether the pages answer, and what is told to the person who started everything."""

from __future__ import annotations

import http.client
import json
from collections.abc import Collection, Mapping

from inbox.processes.ports import LOOPBACK

LOGINS = ("alice@example.com", "bob@example.com", "admin@example.com")
PASSWORD = "demo-inbox"  # noqa: S105 - printed on purpose, `seed_demo` refuses outside a demo


def is_ready(name: str, port: int) -> bool:
    """Whether the process `name` serves requests; web and gateway say so themselves."""
    path = "/" if name == "simulator" else "/health/ready"
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def summary(values: Mapping[str, str], names: Collection[str]) -> dict[str, object]:
    """Addresses and logins, for programs."""
    demo = values.get("DEMO") == "true"
    return {
        "web": _address(values["PORT"], "web", names),
        "gateway": _address(values["GATEWAY_PORT"], "gateway", names),
        "simulator": _address(values["SIMULATOR_PORT"], "simulator", names),
        "data_dir": values["DATA_DIR"],
        "logins": [{"email": email, "password": PASSWORD} for email in LOGINS] if demo else [],
    }


def text(values: Mapping[str, str], names: Collection[str]) -> str:
    """Addresses and logins, for people."""
    told = summary(values, names)
    lines = ["", "Ready."]
    if told["web"]:
        lines.append(f"  Inbox       {told['web']}")
    if told["gateway"]:
        lines.append(f"  Webhooks    {told['gateway']}")
    if told["simulator"]:
        lines.append(f"  Simulator   {told['simulator']} (a phone, to play the customer)")
    if told["logins"]:
        lines.append(f"  Log in as   {', '.join(LOGINS[:-1])} or {LOGINS[-1]} (administrator)")
        lines.append(f"  Password    {PASSWORD}")
    lines.append(f"  Data        {told['data_dir']}")
    lines.append("Ctrl-C stops everything; the data stays.")
    return "\n".join(lines)


def as_json(values: Mapping[str, str], names: Collection[str]) -> str:
    """Addresses and logins, on one line of JSON."""
    return json.dumps(summary(values, names))


def _address(port: str, name: str, names: Collection[str]) -> str | None:
    return f"http://{LOOPBACK}:{port}" if name in names else None
