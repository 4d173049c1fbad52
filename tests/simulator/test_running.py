"""A simulator in a thread, as other tests use it."""

from __future__ import annotations

import errno
import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from messaging.simulator import demo
from messaging.simulator.running import Refused, running_simulator
from messaging.simulator.settings import Settings


def test_a_test_can_send_break_and_look(tmp_path: Path) -> None:
    with running_simulator(Settings(data_dir=tmp_path)) as simulator:
        assert simulator.faults(no_statuses=True)["no_statuses"]
        address = urlsplit(simulator.base_url).netloc
        connection = http.client.HTTPConnection(address, timeout=10)
        path = f"/v24.0/{demo.CHANNELS[0].phone_number_id}/messages"
        body = {"messaging_product": "whatsapp", "to": "351910000042", "text": {"body": "Olá"}}
        headers = {"Authorization": f"Bearer {demo.ACCESS_TOKEN}"}
        connection.request("POST", path, json.dumps(body), headers)
        assert connection.getresponse().status == 200
        connection.close()

        assert [row["text"]["body"] for row in simulator.ledger()] == ["Olá"]
        with pytest.raises(Refused):
            simulator.faults(no_such_fault=True)


def test_port_in_use_is_told(tmp_path: Path) -> None:
    with running_simulator(Settings(data_dir=tmp_path / "one")) as simulator:
        port = urlsplit(simulator.base_url).port or 0
        second = running_simulator(Settings(data_dir=tmp_path / "two"), port=port)
        with pytest.raises(OSError, match="address already in use") as caught, second:
            pass

    assert caught.value.errno == errno.EADDRINUSE
