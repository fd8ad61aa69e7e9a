"""Why there is no embedded database."""


class ClusterError(RuntimeError):
    """The embedded database can't be created, started or stopped; the sentence says why and what to do."""
