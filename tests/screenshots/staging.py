"""A bakery's morning in a demo: conversations of every sort, as the pictures show them."""

from __future__ import annotations

import time
from typing import Any

from tests.browser.acting import ask, until
from tests.demo import Demo

DAY = 24 * 3600
MARTA, YOUSEF, JUERGEN, NIAMH, INES, RUI, TIAGO, CLARA, HOTEL, LONG = (
    ("351912400111", "Marta Ribeiro"),
    ("971501234567", "يوسف الحداد"),
    ("4915112345678", "Jürgen Großmann"),
    ("353861234567", "Niamh O’Sullivan"),
    ("351912400115", "Inês Faria"),
    ("351912400116", "Rui Pinto"),
    ("351912400117", "Tiago Lobo"),
    ("351912400118", "Clara Duarte"),
    ("351912400119", "Hotel Miramar"),
    ("351912400120", "Maximiliana Constança de Albuquerque e Vasconcelos 🎂"),
)
LINES = (
    (YOUSEF, "هل يمكن توصيل الطلب إلى الفندق قبل العاشرة؟", 1500),
    (JUERGEN, "Die Rechnung vom 3. fehlt noch, siehe https://example.com/rechnung", 4000),
    (NIAMH, "Thanks a million 🎂", 5200),
    (TIAGO, "Ainda têm broa para hoje?", 22.6 * 3600),
    (CLARA, "Queria encomendar para o batizado", 26 * 3600),
    (HOTEL, "Amanhã 60 croissants em vez de 40, por favor.", 900),
    (LONG, "Bom dia! Queria saber se fazem bolos sem glúten, sem lactose e sem açúcar.", 700),
)
ORDER = {
    "catalog_id": "1",
    "text": "Para sábado de manhã",
    "product_items": [
        {
            "product_retailer_id": "broa",
            "quantity": "2",
            "item_price": "4.50",
            "currency": "EUR",
        },
        {
            "product_retailer_id": "croissant",
            "quantity": "12",
            "item_price": "1.10",
            "currency": "EUR",
        },
    ],
}
KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("text", {"body": "Bom dia! Vi o vosso bolo no mercado."}),
    ("image", {"caption": "Algo assim, com mais frutos vermelhos"}),
    ("audio", {"voice": True}),
    ("location", {"name": "Jardim da Estrela", "latitude": 38.7145, "longitude": -9.1597}),
    ("document", {"filename": "Lista de convidados.pdf", "caption": "São estes"}),
    ("order", ORDER),
    ("video", {"caption": "A festa do ano passado"}),
    ("sticker", {}),
)


class Stage:
    """The demo with its people, and conversations by the name of the customer."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self._tokens: dict[str, str] = {}

    def write(
        self, who: tuple[str, str], kind: str, content: dict[str, Any], *, ago: float = 0
    ) -> str:
        """A customer writes; the id of what they wrote."""
        phone, name = who
        said = {"from": phone, "name": name, "type": kind, kind: content}
        said |= {"timestamp": str(int(time.time() - ago))} if ago else {}
        return str(ask(f"{self.demo.phone}/sim/inbound", "POST", said)["wamid"])

    def api(self, path: str, body: Any = None, *, by: str = "alice", method: str = "") -> Any:
        """What the JSON API answers to one of the demo's people."""
        token = self._tokens.get(by)
        if token is None:
            login = {"email": f"{by}@example.com", "password": "demo-inbox"}
            address = f"{self.demo.inbox}/api/v1/auth/token/"
            token = self._tokens[by] = ask(address, "POST", login)["token"]
        method = method or ("GET" if body is None else "POST")
        return ask(f"{self.demo.inbox}/api/v1/{path}", method, body, token)

    def conversation(self, who: tuple[str, str]) -> int:
        """The conversation of a customer, once it is there."""
        until(lambda: who[1] in self._conversations())
        return self._conversations()[who[1]]

    def say(self, who: tuple[str, str], text: str, *, by: str = "alice", **more: Any) -> None:
        """An agent answers, or writes a note."""
        place = self.conversation(who)
        said = {"conversation": place, "kind": "text", "text": text, **more}
        self.api("messages/", {**said, "client_message_id": f"shot-{time.time_ns()}"}, by=by)

    def faults(self, **faults: Any) -> None:
        """The platform goes wrong in these ways and no others."""
        ask(f"{self.demo.phone}/sim/faults", "DELETE")
        if faults:
            ask(f"{self.demo.phone}/sim/faults", "PUT", faults)

    def _conversations(self) -> dict[str, int]:
        return {row["contact"]["name"]: row["id"] for row in self.api("conversations/")["results"]}


def fill(stage: Stage) -> None:
    """All conversations of the morning."""
    for who, text, ago in LINES:
        stage.write(who, "text", {"body": text}, ago=ago)
    for kind, content in KINDS:
        stage.write(INES, kind, content)
    _order(stage)
    _failures(stage)
    _triage(stage)


def _order(stage: Stage) -> None:
    question = {"body": "Bom dia! Podem fazer um bolo para sábado, para 30 pessoas?"}
    stage.write(MARTA, "text", question, ago=1900)
    stage.say(MARTA, "Bom dia, Marta! Claro que sim. Com que recheio?")
    _a_second_passes()
    stage.write(MARTA, "image", {"caption": "Como este, com frutos vermelhos"})
    _a_second_passes()
    stage.say(MARTA, "A fornada das 7 ainda tem lugar, @Bob?", kind="note")
    stage.say(MARTA, "Fica por 68 €, com entrega às 16h. Confirma?")
    _a_second_passes()
    stage.write(MARTA, "text", {"body": "Perfeito, confirmo! 🎂"})


def _a_second_passes() -> None:
    """Customers' messages are dated in whole seconds."""
    time.sleep(1.2)


def _failures(stage: Stage) -> None:
    stage.write(RUI, "text", {"body": "A encomenda 1042 já saiu?"})
    stage.say(RUI, "Sai agora mesmo.")
    place = stage.conversation(RUI)
    until(lambda: "read" in _statuses(stage, place))
    stage.faults(fail_code=131026)
    stage.say(RUI, "O estafeta chega dentro de 20 minutos.")
    until(lambda: "failed" in _statuses(stage, place))
    stage.faults()


def _statuses(stage: Stage, place: int) -> set[str]:
    rows = stage.api(f"conversations/{place}/messages/")["results"]
    return {row["status"] for row in rows}


def _triage(stage: Stage) -> None:
    place = stage.conversation
    stage.api(f"conversations/{place(MARTA)}/claim/", {})
    stage.api(f"conversations/{place(HOTEL)}/claim/", {}, by="bob")
    stage.api(f"conversations/{place(HOTEL)}/priority/", {"priority": "urgent"}, by="bob")
    snoozed = time.strftime("%Y-%m-%dT09:00:00+00:00", time.gmtime(time.time() + DAY))
    stage.api(f"conversations/{place(NIAMH)}/snooze/", {"until": snoozed})
