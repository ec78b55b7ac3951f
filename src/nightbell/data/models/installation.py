"""What every process of one installation shares."""

from django.db import models


class Installation(models.Model):
    """One row; the signing key is made here, once for all machines, and never leaves the database."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    signing_key = models.TextField()

    class Meta:
        db_table = "installation"
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="installation_one_row"),)

    def __str__(self) -> str:
        return "installation"
