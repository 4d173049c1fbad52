"""`/sim/templates`: play WhatsApp's reviewers, and have the inbox told.

Source: Cloud API, "Webhooks › message_template_status_update" and its neighbours.
"""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from messaging.simulator import templates
from messaging.simulator.cloud import Cloud
from messaging.simulator.keys import CLOUD
from messaging.simulator.switches import Unacceptable

routes = web.RouteTableDef()
CHANGEABLE = frozenset({"status", "category", "quality", "reason"})
QUALITY = "quality_score"

Json = dict[str, Any]


@routes.get("/sim/templates")
async def listed(request: web.Request) -> web.Response:
    """Every template as it is now."""
    return web.json_response({"results": templates.known(request.app[CLOUD].template_changes)})


@routes.put("/sim/templates/{template_id}")
async def change(request: web.Request) -> web.Response:
    """`{status | category | quality, reason}`: what changes is told by its own webhook."""
    cloud = request.app[CLOUD]
    template = _find(cloud, request.match_info["template_id"])
    given = _words(await request.read())
    changes: Json = {name: given[name] for name in ("status", "category") if name in given}
    if "quality" in given:
        changes[QUALITY] = {"score": given["quality"]}
    kept = cloud.template_changes.get(template["id"], {})
    cloud.template_changes[template["id"]] = kept | changes
    _tell(cloud, template, given)
    return web.json_response(template | kept | changes)


def _find(cloud: Cloud, template_id: str) -> Json:
    for template in templates.known(cloud.template_changes):
        if template_id in (template["id"], template["name"]):
            return template
    raise Unacceptable("There is no such template: name it by its id, or by its name.")


def _words(body: bytes) -> dict[str, str]:
    try:
        given = msgspec.json.decode(body, type=dict[str, str])
    except msgspec.MsgspecError:
        raise Unacceptable("Send a JSON object of names and words.") from None
    if not given or given.keys() - CHANGEABLE:
        raise Unacceptable(f"Give some of {', '.join(sorted(CHANGEABLE))}.")
    return given


def _tell(cloud: Cloud, template: Json, given: dict[str, str]) -> None:
    named: Json = {
        "message_template_id": int(template["id"]),
        "message_template_name": template["name"],
        "message_template_language": template["language"],
    }
    if "status" in given:
        news = {"event": given["status"], "reason": given.get("reason", "NONE")}
        category = {"message_template_category": given.get("category", template["category"])}
        cloud.tell_account("message_template_status_update", named | news | category)
    elif "category" in given:
        cloud.tell_account("template_category_update", named | {"new_category": given["category"]})
    if "quality" in given:
        before = template.get(QUALITY, {}).get("score", "UNKNOWN")
        scores = {"previous_quality_score": before, "new_quality_score": given["quality"]}
        cloud.tell_account("message_template_quality_update", named | scores)
