"""Keys by which programs act for an organization."""

from django.db import models

from nightbell.data.clock import Now
from nightbell.data.models.account import Account
from nightbell.data.models.organization import Organization


class ApiKey(models.Model):
    """Stored as the SHA-256 of the key, which is shown once; it outlives its maker and is revoked at once."""

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32, unique=True)
    created_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)
    # How much it had written of late when it was last used: a level of its pace.
    writes_level = models.FloatField(db_default=0)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_key"

    def __str__(self) -> str:
        return self.name
