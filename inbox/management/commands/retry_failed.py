from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from inbox.management.commands import dlq
from messaging.models import DeadLetterSource


class Command(dlq.Command):
    help = "Send messages again that could not leave: `dlq retry --source outbound`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        dlq.add_filters(parser, takes_ids=True, source=DeadLetterSource.OUTBOUND)

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options, action="retry", source=DeadLetterSource.OUTBOUND)
