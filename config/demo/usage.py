"""Three months of usage, the same every time: requests, storage samples, some sent twice, some late."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

SOURCE = "https://api.northwind.example"
_SEED = 20260101
#: Requests a day by subject; together with the samples about 100,000 events in three months.
_PACE = {
    "aegean": 130,
    "piraeus": 70,
    "attica": 55,
    "hymettus-web": 60,
    "hymettus-app": 40,
    "golden-gate": 260,
    "golden-gate-labs": 75,
    "cascade": 90,
    "redwood": 45,
    "deccan": 120,
    "malabar": 50,
    "sakura": 80,
    "fuji": 35,
}
#: Months are sent up to the hour in which the last customer's month ends, in Los Angeles.
_MONTHS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, 8, tzinfo=UTC), datetime(2026, 3, 1, 8, tzinfo=UTC))
_END = datetime(2026, 4, 1, 8, tzinfo=UTC)


class Month(msgspec.Struct, frozen=True):
    """One month's events as they are sent: JSON texts in order, and those that come only after it was billed."""

    sent: list[bytes]
    late: list[bytes]


def months() -> list[Month]:
    """January, February and March. Every hundredth event is sent twice; every two hundredth comes late."""
    chance = random.Random(_SEED)  # noqa: S311 - the same every time is the point
    ends = (*_MONTHS[1:], _END)
    return [_month(chance, start, end) for start, end in zip(_MONTHS, ends, strict=True)]


def april() -> list[bytes]:
    """A few days of the month that is still running."""
    chance = random.Random(_SEED + 4)  # noqa: S311 - as above
    return _month(chance, _END, _END + timedelta(days=3)).sent


def _month(chance: random.Random, start: datetime, end: datetime) -> Month:
    sent: list[bytes] = []
    late: list[bytes] = []
    for subject, pace in _PACE.items():
        for n, event in enumerate(_events(chance, subject, pace, start, end)):
            text = msgspec.json.encode(event)
            (late if n % 200 == 77 else sent).append(text)
            if n % 100 == 50:
                sent.append(text)
    return Month(sent, late)


def _events(
    chance: random.Random, subject: str, pace: int, start: datetime, end: datetime
) -> Iterator[dict[str, object]]:
    days, microseconds = (end - start).days, (end - start) // timedelta(microseconds=1)
    for n in range(pace * days):
        time = start + timedelta(microseconds=chance.randrange(microseconds))
        tokens = {
            "input_tokens": int(chance.lognormvariate(6.6, 1.0)),
            "output_tokens": int(chance.lognormvariate(5.0, 0.8)),
        }
        user = f"{subject}-user-{int(chance.expovariate(1 / (pace / 4))):03d}"
        yield _event(f"{subject}-{start:%Y%m}-{n:06d}", "llm.request", subject, time, {**tokens, "user": user})
    for day in range(days):
        gigabytes = f"{pace * (0.6 + chance.random() * 0.5):.3f}"
        noon = start + timedelta(days=day, hours=12)
        yield _event(f"{subject}-storage-{noon:%Y%m%d}", "storage.sampled", subject, noon, {"gigabytes": gigabytes})


def _event(id: str, type: str, subject: str, time: datetime, data: dict[str, object]) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": id,
        "source": SOURCE,
        "type": type,
        "subject": subject,
        "time": time.isoformat(),
        "data": data,
    }
