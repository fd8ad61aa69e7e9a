from __future__ import annotations

import pytest

from core.errors import NotFound, Refusal
from core.models import AuditRecord, Tenant, new_id
from metering import selectors, services
from metering.models import Event, Quarantined
from tests.metering.crowd import at_once
from tests.metering.samples import TESTER, meter, outcomes, send, text

pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture
def broken(books: Tenant) -> Quarantined:
    """An event whose tokens can't be read."""
    meter()
    send([text("1", data={"tokens": "many"})])
    return Quarantined.objects.get()


def test_a_mended_event_counts(broken: Quarantined) -> None:
    receipt = services.replay(ids=[broken.pk], mended=text("1", data={"tokens": "7"}), actor=TESTER)
    assert outcomes(receipt) == ["accepted"]
    broken.refresh_from_db()
    assert (broken.state, broken.resolution) == ("replayed", f"accepted in batch {receipt.number}")
    assert not selectors.quarantine().exists()
    assert AuditRecord.objects.filter(event="quarantine.replayed", subject_id=str(broken.pk)).exists()


def test_one_that_fails_again_is_open_anew(broken: Quarantined) -> None:
    """Nothing is lost, and the same event is not open twice."""
    assert outcomes(services.replay(ids=[broken.pk], actor=TESTER)) == ["rejected"]
    again = selectors.quarantine().get()
    assert again.pk != broken.pk
    assert bytes(again.body) == bytes(broken.body)


def test_several_can_be_sent_again(books: Tenant) -> None:
    send([text("1", time=None), text("2", time=None)])
    receipt = services.replay(ids=[row.pk for row in selectors.quarantine()], actor=TESTER)
    assert outcomes(receipt) == ["rejected", "rejected"]
    with pytest.raises(Refusal):
        services.replay(ids=[row.pk for row in selectors.quarantine()], mended=text(), actor=TESTER)


def test_a_dismissed_event_never_counts(broken: Quarantined) -> None:
    assert services.dismiss(ids=[broken.pk], reason="a test of theirs", actor=TESTER) == 1
    broken.refresh_from_db()
    assert (broken.state, broken.resolution) == ("dismissed", "a test of theirs")
    assert not Event.objects.exists()


def test_what_is_resolved_stays_so(broken: Quarantined) -> None:
    services.dismiss(ids=[broken.pk], reason="a test", actor=TESTER)
    with pytest.raises(Refusal) as caught:
        services.replay(ids=[broken.pk], mended=text(), actor=TESTER)
    assert caught.value.code == "already_resolved"
    with pytest.raises(NotFound):
        services.dismiss(ids=[new_id()], reason="x", actor=TESTER)
    with pytest.raises(Refusal):
        services.dismiss(ids=[broken.pk], reason=" ", actor=TESTER)


def test_of_two_operators_one_replays(broken: Quarantined) -> None:
    def replay() -> str:
        try:
            return outcomes(services.replay(ids=[broken.pk], mended=text("1"), actor=TESTER))[0]
        except Refusal as refusal:
            return refusal.code

    assert sorted(at_once([replay, replay])) == ["accepted", "already_resolved"]
