"""Signs of life of the engines."""

from django.db import models

from nightbell.data.clock import Now


class EngineBeat(models.Model):
    """One row an engine, written again every few seconds while all its loops go round.

    `loops` has for each loop how many seconds ago it last did; `overstaying` names the lanes whose senders are all held
    up.
    """

    id = models.UUIDField(primary_key=True)
    host = models.TextField()
    version = models.TextField()
    started_at = models.DateTimeField(db_default=Now())
    beat_at = models.DateTimeField(db_default=Now())
    loops = models.JSONField()
    overstaying = models.JSONField()

    class Meta:
        db_table = "engine_beat"

    def __str__(self) -> str:
        return f"engine on {self.host}"
