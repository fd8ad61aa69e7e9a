from metering.services.ingestion import ingest
from metering.services.meters import publish_meter
from metering.services.quarantine import dismiss, replay
from metering.services.voiding import void_event

__all__ = ["dismiss", "ingest", "publish_meter", "replay", "void_event"]
