"""What a meter is declared to be, checked before it is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from core.errors import InvalidValue
from customers import checks
from metering.aggregation import Aggregation
from metering.cloudevents import LONGEST
from metering.scalars import LONGEST_TEXT


class MeterDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A meter as its author writes it. `filter` maps a property to the texts of which it must have one.

    Filter and group_by compare the canonical text of a JSON scalar: strings as they are, numbers as plain
    decimals without needless zeros, true and false.
    """

    key: str
    event_type: str
    aggregation: str
    property: str = ""
    filter: Mapping[str, Sequence[str]] = {}
    group_by: Sequence[str] = ()
    name: str = ""
    unit: str = ""
    metadata: Mapping[str, Any] = {}

    def rule(self) -> dict[str, Any]:
        """The part that can't change once it is published."""
        return {
            "event_type": self.event_type,
            "aggregation": self.aggregation,
            "property": self.property,
            "filter": {name: sorted(set(texts)) for name, texts in self.filter.items()},
            "group_by": list(self.group_by),
        }

    def description(self) -> dict[str, Any]:
        """The part that may change."""
        return {"name": self.name, "unit": self.unit, "metadata": dict(self.metadata)}


def check(definition: MeterDefinition) -> None:
    """Raises InvalidValue, naming the field, where the definition can't be published."""
    checks.key(definition.key)
    checks.text(definition.event_type, field="event_type", longest=LONGEST)
    checks.text(definition.name, field="name", longest=300, empty=True)
    checks.text(definition.unit, field="unit", longest=60, empty=True)
    if definition.aggregation not in set(Aggregation):
        known = ", ".join(Aggregation)
        raise InvalidValue(f"{definition.aggregation!r} is none of {known}", field="aggregation")
    _check_property(definition)
    for name, texts in definition.filter.items():
        _check_texts(name, texts)
    for name in definition.group_by:
        checks.text(name, field="group_by", longest=LONGEST)
    if len(set(definition.group_by)) != len(definition.group_by):
        raise InvalidValue("names a property twice", field="group_by")


def _check_property(definition: MeterDefinition) -> None:
    if definition.aggregation == Aggregation.COUNT:
        if definition.property:
            raise InvalidValue("a count reads no property: leave it out", field="property")
        return
    checks.text(definition.property, field="property", longest=LONGEST)


def _check_texts(name: str, texts: Sequence[str]) -> None:
    field = f"filter.{checks.text(name, field='filter', longest=LONGEST)}"
    if isinstance(texts, str) or not texts:
        raise InvalidValue("expected a list of at least one text", field=field)
    for text in texts:
        checks.text(text, field=field, longest=LONGEST_TEXT, empty=True)
