"""What a one-time link is signed for: the only place that says when it is void."""

from datetime import datetime

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db.models import Max

from nightbell.data.models import Account, Membership


class OneTime(PasswordResetTokenGenerator):
    """Void once it was used, once the password or the address changed, and once its owner was removed somewhere."""

    def _make_hash_value(self, user: Account, timestamp: int) -> str:
        left: datetime | None = Membership.objects.filter(user_id=user.pk).aggregate(last=Max("removed_at"))["last"]
        return f"{super()._make_hash_value(user, timestamp)} {left.isoformat() if left else ''}"
