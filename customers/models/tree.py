"""A root customer with everyone below: the unit of locking, of a run's item and of a shard."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models import TenantModel


class Tree(TenantModel):
    """The row that is locked before anything about its customers is billed. Its id is the root customer's."""

    last_fact = models.BigIntegerField(default=0, help_text="Number of the last fact recorded about this tree.")

    def __str__(self) -> str:
        return f"tree {self.id}"


class Mark(TenantModel):
    """A fact that may change what is owed, and from which instant on. Never changed."""

    tree = models.ForeignKey(Tree, on_delete=models.PROTECT, related_name="marks")
    number = models.BigIntegerField(help_text="Dense within the tree, from 1.")
    earliest_at = models.DateTimeField(help_text="Nothing before this instant is touched by the fact.")
    cause = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tree", "number"], name="customers_mark_number")
        ]

    def __str__(self) -> str:
        return f"{self.cause} #{self.number}"
