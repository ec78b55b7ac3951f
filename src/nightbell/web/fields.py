"""The fields that forms of several areas have: text of several lines, and ids."""

from uuid import UUID

from django import forms


class Lines(forms.CharField):
    """Text of several lines, counted as the reader sees it: browsers send two characters for a line's end."""

    widget = forms.Textarea

    def to_python(self, value: object) -> str:
        """With the line ends of the house."""
        return str(super().to_python(value)).replace("\r\n", "\n")


class Id(forms.CharField):
    """An id; what is nobody's id is None, and the action says what that means."""

    def clean(self, value: object) -> UUID | None:
        """The id, or None."""
        try:
            return UUID(str(value))
        except ValueError:
            return None
