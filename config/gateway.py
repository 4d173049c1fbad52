"""`granian --interface asgi config.gateway:application`: webhooks, health and metrics only."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from messaging.gateway_process import GatewayProcess

application = GatewayProcess()
