"""A person who can sign in; which organizations they belong to is in their memberships."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from nightbell.data.clock import Now


class SameAddress(Exact):
    """One address however its capitals are written, by the index on `lower(email)`: the account library asks so."""

    def process_lhs(self, *args: Any, **kwargs: Any) -> Any:
        """The stored address."""
        written, given = super().process_lhs(*args, **kwargs)
        return f"lower({written})", given

    def process_rhs(self, *args: Any, **kwargs: Any) -> Any:
        """The one that is looked for."""
        written, given = super().process_rhs(*args, **kwargs)
        return f"lower({written})", given


class UserManager(BaseUserManager["Account"]):
    """What Django's authentication asks of a user model's manager."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        """Mail addresses are compared without case."""
        return self.get(email=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Account":
        """Make an account; without a password nobody can sign in to it yet."""
        account = self.model(email=self.normalize_email(email), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser):
    """Named by mail address; `timezone` is the IANA zone their messages speak in."""

    id = models.UUIDField(primary_key=True)
    email = models.EmailField(max_length=254)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["first_name"]

    class Meta:
        db_table = "account"
        constraints = (models.UniqueConstraint(Lower("email"), name="account_email_once"),)

    def __str__(self) -> str:
        return self.email

    @property
    def name(self) -> str:
        """What people call them."""
        return f"{self.first_name} {self.last_name}".strip()


Account.email.field.register_lookup(SameAddress)
