"""Answers kept for clients that ask again."""

from django.db import models

from nightbell.data.clock import Now


class IdempotentAnswer(models.Model):
    """The answer to one request, by caller, method and path, and the key the client gave it."""

    caller = models.UUIDField()
    request = models.TextField()
    key = models.CharField(max_length=255)
    body_hash = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(null=True)  # noqa: DJ001 -- null until the change it belongs to is made
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "idempotent_answer"
        constraints = (models.UniqueConstraint(fields=("caller", "request", "key"), name="idempotent_answer_once"),)
        indexes = (models.Index(fields=("created_at",), name="idempotent_answer_age"),)

    def __str__(self) -> str:
        return self.key
