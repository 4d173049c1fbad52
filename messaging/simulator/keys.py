"""How handlers find the one Cloud of their application."""

from __future__ import annotations

from aiohttp import web

from messaging.simulator.cloud import Cloud

CLOUD = web.AppKey("cloud", Cloud)
