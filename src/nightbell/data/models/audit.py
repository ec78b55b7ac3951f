"""The append-only record; triggers refuse to change or delete it."""

from django.db import models

from nightbell.data.clock import Now
from nightbell.data.models.incident import Incident
from nightbell.data.models.organization import Organization


class Audit(models.Model):
    """One thing that happened; `sequence` is the order, since ids made by several processes promise none."""

    id = models.UUIDField(primary_key=True)
    sequence = models.BigIntegerField()
    # Checked where the incident is; checking it again with every row would cost, and lock the organization's row.
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, related_name="audit_trail", db_index=False
    )
    at = models.DateTimeField(db_default=Now())
    actor = models.JSONField()
    kind = models.CharField(max_length=40)
    data = models.JSONField()

    class Meta:
        db_table = "audit"
        indexes = (models.Index(fields=("incident", "sequence"), name="audit_trail_order"),)

    def __str__(self) -> str:
        return self.kind
