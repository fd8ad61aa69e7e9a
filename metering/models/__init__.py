from metering.models.batch import Batch, Watermark
from metering.models.event import Event, Void
from metering.models.imports import Import
from metering.models.meter import Finding, Meter, Slot
from metering.models.quarantine import Quarantined

__all__ = ["Batch", "Event", "Finding", "Import", "Meter", "Quarantined", "Slot", "Void", "Watermark"]
