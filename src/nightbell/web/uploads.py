"""Files that somebody sends: none is taken, and this is the only place that says so."""

from typing import Any, NoReturn

from django.core.exceptions import BadRequest
from django.core.files.uploadhandler import FileUploadHandler


class NoFiles(FileUploadHandler):
    """Refuses the first file, before any of it is kept."""

    def new_file(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """No form of ours has one."""
        raise BadRequest("No form of Nightbell has a file.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> NoReturn:
        """Never reached."""
        raise NotImplementedError

    def file_complete(self, file_size: int) -> None:
        """There is none."""
