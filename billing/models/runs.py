"""A billing run: what was planned, and how each item of it ended."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django_fsm import FSMField, transition

from core.models import TenantModel
from customers.models import Tree


class Run(TenantModel):
    """One pass over the trees that are due, at one watermark."""

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        APPLYING = "applying", "applying"
        FINISHED = "finished", "finished"
        FINISHED_WITH_EXCEPTIONS = "exceptions", "finished with exceptions"
        INTERRUPTED = "interrupted", "interrupted: a later run took over"

    through = models.CharField(max_length=40, help_text="The day or instant up to which the run bills.")
    watermark = models.BigIntegerField()
    plan_digest = models.CharField(max_length=64, help_text="SHA-256 of the items and what was expected of them.")
    expected = models.JSONField(default=dict, help_text="Sum of the differences planned, by currency.")
    booked = models.JSONField(default=dict, help_text="Sum of the differences booked, by currency.")
    state = FSMField(default=State.PLANNED, choices=State.choices, protected=True)
    actor = models.CharField(max_length=320)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"run through {self.through}"

    @property
    def held_as(self) -> str:
        """The name that the process at work on it holds."""
        return f"run {self.pk}"

    @transition(field=state, source=State.PLANNED, target=State.APPLYING)
    def begin(self) -> None:
        """From now on items are applied."""

    @transition(field=state, source=State.APPLYING, target=State.FINISHED)
    def finish(self) -> None:
        """Every item was applied."""

    @transition(field=state, source=State.APPLYING, target=State.FINISHED_WITH_EXCEPTIONS)
    def finish_with_exceptions(self) -> None:
        """Some items are parked."""

    @transition(field=state, source=State.APPLYING, target=State.INTERRUPTED)
    def interrupt(self) -> None:
        """Its process is gone; what it left is for the next run."""


class RunItem(TenantModel):
    """One tree up to one cut-off."""

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        APPLIED = "applied", "applied"
        PARKED = "parked", "parked"
        SUPERSEDED = "superseded", "left to a later run"

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="items")
    tree = models.ForeignKey(Tree, on_delete=models.PROTECT, related_name="+")
    cut_off_at = models.DateTimeField(help_text="Documents are made up to this instant.")
    documents = models.BooleanField(help_text="False where the item only books differences.")
    fact = models.BigIntegerField(help_text="The tree's last fact when the item was planned.")
    expected = models.JSONField(default=dict)
    state = FSMField(default=State.PLANNED, choices=State.choices, protected=True)
    replanned = models.BooleanField(default=False, help_text="The tree had moved between plan and apply.")
    code = models.CharField(max_length=60, blank=True, default="")
    reason = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["run", "tree", "cut_off_at"], name="billing_item_once")
        ]

    def __str__(self) -> str:
        return f"{self.tree_id} {self.state}"

    @transition(field=state, source=State.PLANNED, target=State.APPLIED)
    def apply(self) -> None:
        """Its differences are booked and its documents issued."""

    @transition(field=state, source=State.PLANNED, target=State.PARKED)
    def park(self, *, code: str, reason: str) -> None:
        """It is left for an operator, who reads the reason."""
        self.code, self.reason = code, reason
