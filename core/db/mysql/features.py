"""What we rely on, whichever of the two databases and whatever its version."""

from __future__ import annotations

from core.db.mysql.driver import features


class DatabaseFeatures(features.DatabaseFeatures):
    """One schema everywhere: MariaDB's own UUID type begins with 10.7, and MySQL has none."""

    has_native_uuid_field = False
    allows_group_by_selected_pks = False  # MariaDB's ONLY_FULL_GROUP_BY wants every column
