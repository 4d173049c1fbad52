"""How an organisation sends is changed in the admin site, and leaves a trace."""

from __future__ import annotations

import pytest

from inbox.models import AuditEntry
from outbound.models import SendingPolicy
from tests import factories

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/outbound/sendingpolicy/"


def test_a_sending_policy_is_changed_with_a_trace(organization, client_of) -> None:
    operator = factories.UserFactory(is_staff=True, is_superuser=True)
    form = {"organization": organization.pk, "consent_policy": "marketing", "resend_classes": "[]"}
    assert client_of(operator).post(f"{ADDRESS}add/", form).status_code == 302
    client_of(operator).post(
        ADDRESS, {"action": "delete_selected", "_selected_action": organization.pk, "post": "yes"}
    )
    assert not SendingPolicy.objects.exists()
    entries = AuditEntry.objects.filter(action="change_sending_policy").order_by("seq")
    changed, deleted = entries
    assert (changed.actor, changed.details["consent_policy"]) == (operator, "marketing")
    assert (deleted.actor, deleted.details) == (operator, {"deleted": True})
