"""A Graph that lists templates, page by page, and does what else a test wants."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]


class Listing:
    """`templates` in pages of `page_size`; `next` holds answers (status, body) that come first.

    `while_asked` runs before each answer.
    """

    def __init__(self) -> None:
        self.templates: list[Json] = []
        self.page_size = 2
        self.asked: list[tuple[str, str, str]] = []
        self.next: deque[tuple[int, Any]] = deque()
        self.headers: dict[str, str] = {}
        self.while_asked: Callable[[], None] = lambda: None
        self.url = ""

    def answer(self, path: str, token: str) -> tuple[int, Any]:
        parts = urlsplit(path)
        cursor = parse_qs(parts.query).get("after", [""])[0]
        self.asked.append((parts.path, cursor, token))
        self.while_asked()
        if self.next:
            return self.next.popleft()
        start = int(cursor or 0)
        end = start + self.page_size
        paging: Json = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(self.templates):
            paging["next"] = f"{self.url}{parts.path}?after={end}"
        return 200, {"data": self.templates[start:end], "paging": paging}


@contextmanager
def running_listing() -> Iterator[Listing]:
    """A listing in a thread, stopped at the end."""
    listing = Listing()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = listing.answer(self.path, self.headers["Authorization"])
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in listing.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listing.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield listing
    finally:
        server.shutdown()
        server.server_close()


def template(number: int, **fields: Any) -> Json:
    """A template as Graph lists it."""
    return {
        "id": str(number),
        "name": f"template_{number}",
        "language": "pt_PT",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Olá"}],
        **fields,
    }
