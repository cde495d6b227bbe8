"""How much may be uploaded at once: counted while it arrives, so that what is too much is never kept."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

TOO_LARGE = "upload_too_large"


class Quota(FileUploadHandler):
    """The first of the upload handlers. Beyond IMPORT_MB the rest is read and dropped, and the request is marked with
    TOO_LARGE. Fields that stand before the files, such as the CSRF token, have come by then.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._left = int(settings.IMPORT_MB * 1024 * 1024)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._left -= len(raw_data)
        if self._left < 0:
            setattr(self.request, TOO_LARGE, True)
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
