"""What core adds to the console's pages."""

from __future__ import annotations

from django.http import HttpRequest

from core import outbox
from core.console.panels import Card, card
from core.console.shown import address_of_list
from core.models import Delivery


@card(order=80)
def deliveries(request: HttpRequest) -> Card:
    failed = Delivery.objects.filter(state=Delivery.State.FAILED).count()
    return Card(
        title="Deliveries waiting",
        values=(f"{outbox.waiting():,}",),
        hint=f"{failed:,} failed for good" if failed else "none has failed for good",
        href=address_of_list(Delivery, state__exact=Delivery.State.PENDING.value),
        alarming=failed > 0,
    )
