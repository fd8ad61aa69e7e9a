"""Usage in the console: all to be read, nothing to be changed, and the quarantine to be worked off."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from core.models import AuditRecord, Membership, Tenant
from metering import services
from metering.models import Batch, Event, Finding, Meter, Quarantined, Slot, Void
from tests.metering.samples import SOURCE, TESTER, meter, send, text

MODELS = [Batch, Event, Finding, Meter, Quarantined, Slot, Void]


@pytest.fixture
def console(client: Any, fresh_books: Tenant) -> Any:
    """The console's session of an operator of these books, with one of everything."""
    send([text("1", data={}), text("2"), b"{<script>"])
    meter()
    services.void_event(source=SOURCE, id="2", reason="test", actor=TESTER)
    operator = get_user_model().objects.create_superuser(f"operator-{uuid4().hex}", password=uuid4().hex)
    Membership.objects.create(user=operator, role="owner")
    client.force_login(operator)
    return client


def named(model: Any, page: str, *arguments: Any) -> str:
    return reverse(f"admin:metering_{model._meta.model_name}_{page}", args=arguments)


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_records_can_be_read_and_nothing_changed(console: Any, model: Any) -> None:
    row = model.objects.order_by("pk").first()
    listed = console.get(named(model, "changelist"))
    shown = console.get(named(model, "change", row.pk))
    assert (listed.status_code, shown.status_code) == (200, 200)
    assert "<script>{" not in shown.content.decode()
    for page, arguments in (("add", []), ("change", [row.pk]), ("delete", [row.pk])):
        assert console.post(named(model, page, *arguments), {"post": "yes"}).status_code == 403


def act(console: Any, action: str, **fields: str) -> str:
    rows = [str(row.pk) for row in Quarantined.objects.filter(state="open")]
    answer = console.post(
        named(Quarantined, "changelist"), {"action": action, "_selected_action": rows, **fields}, follow=True
    )
    assert answer.status_code == 200
    return "; ".join(str(message) for message in answer.context["messages"])


def test_what_was_sent_is_shown(console: Any) -> None:
    page = console.get(named(Quarantined, "change", Quarantined.objects.get().pk)).content.decode()
    assert "{&lt;script&gt;" in page


def test_an_operator_dismisses_with_a_reason(console: Any) -> None:
    assert "say why" in act(console, "dismiss")
    assert act(console, "dismiss", reason="noise") == "1 dismissed"
    assert Quarantined.objects.get().state == "dismissed"
    assert AuditRecord.objects.get(event="quarantine.dismissed").actor_kind == "operator"


def test_an_operator_sends_again(console: Any) -> None:
    assert act(console, "replay") == "0 accepted, 0 already there, 1 failed again"
    assert Quarantined.objects.filter(state="replayed").count() == 1
