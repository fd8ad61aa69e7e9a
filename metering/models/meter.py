"""Meters, where their values stand on the rows of events, and the events that they can't read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models import TenantModel
from metering.aggregation import Aggregation
from metering.slots import NUMBER, TEXT


class Meter(TenantModel):
    """How events become a quantity. Once published, only its names and metadata may change."""

    key = models.CharField(max_length=120, help_text="The client's own name for this meter.")
    name = models.CharField(max_length=300, blank=True, default="")
    unit = models.CharField(max_length=60, blank=True, default="")
    event_type = models.CharField(max_length=300, help_text="The CloudEvents type that it counts.")
    aggregation = models.CharField(
        max_length=20, choices=[(one.value, one.value.replace("_", " ")) for one in Aggregation]
    )
    property = models.CharField(max_length=300, blank=True, default="", help_text="The value's name in the data.")
    filter = models.JSONField(default=dict, blank=True, help_text="Property → texts of which it must have one.")
    group_by = models.JSONField(default=list, blank=True, help_text="Properties that keep quantities apart.")
    metadata = models.JSONField(default=dict, blank=True)
    published_at = models.DateTimeField(help_text="By the tenant's clock.")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "key"], name="metering_meter_key")
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["tenant_id", "event_type"], name="metering_meter_type")]

    def __str__(self) -> str:
        return self.key


class Slot(TenantModel):
    """The column of an event's row that holds one property, for events of one type. Never changed."""

    event_type = models.CharField(max_length=300)
    property = models.CharField(max_length=300)
    kind = models.CharField(max_length=10, choices=[(NUMBER, "number"), (TEXT, "text")])
    column = models.CharField(max_length=2)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "event_type", "property", "kind"], name="metering_slot_once"),
            models.UniqueConstraint(fields=["tenant_id", "event_type", "column"], name="metering_slot_column"),
        ]

    def __str__(self) -> str:
        return f"{self.column}: {self.property} of {self.event_type}"


class Finding(TenantModel):
    """An event that was there before a meter, and that the meter can't read: it counts nothing. Never changed."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="findings")
    event_number = models.BigIntegerField()
    code = models.CharField(max_length=60)
    field = models.CharField(max_length=400)
    detail = models.TextField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["meter", "event_number"], name="metering_finding_once")
        ]

    def __str__(self) -> str:
        return f"{self.meter} can't read event {self.event_number}"
