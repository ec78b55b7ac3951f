"""Where mail goes out and whom it comes from: mail's part of the environment."""

from typing import Annotated

from pydantic import Field, field_validator

from nightbell.channels.declaration import Part
from nightbell.channels.email import smtp
from nightbell.channels.email.channel import parse_sender


class MailSettings(Part):
    """Without `smtp_url` pages by mail wait."""

    smtp_url: Annotated[str | None, Field(repr=False)] = None
    mail_from: str = "Nightbell <nightbell@localhost>"

    @field_validator("smtp_url")
    @classmethod
    def _smtp_url(cls, value: str | None) -> str | None:
        if value is not None:
            smtp.parse_url(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_from(cls, value: str) -> str:
        parse_sender(value)
        return value
