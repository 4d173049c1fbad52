"""`uploads/`: files on their way in, before they belong to a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox.api.errors import FieldErrors
from inbox.replies import ReadOnly
from messaging.media_failures import NotFetched
from messaging.media_files import Incoming
from outbound import upload_rules, uploads
from outbound.models import Upload
from outbound.upload_contents import too_large

# Room for the other fields and the parts' own lines.
LARGEST_BODY_BYTES = upload_rules.LARGEST_BYTES + 64 * 1024


class Arrived:
    """A file of a form that was written to our disk as it came."""

    def __init__(self, incoming: Incoming, handler: ToDisk) -> None:
        self.incoming = incoming
        self.name = handler.file_name or ""
        self.declared = handler.content_type or ""

    def close(self) -> None:
        """A request closes its files; harmless once this one has its place."""
        self.incoming.discard()


class ToDisk(FileUploadHandler):
    """Writes the one file of a form straight to where files come in, up to a cap.

    What comes beyond the cap is read and dropped, so that the browser hears why.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.arrived: list[Incoming] = []
        self.is_too_large = False
        self.failure: NotFetched | None = None
        self._size = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """The first file is taken, whatever else comes is not."""
        super().new_file(*args, **kwargs)
        if self.arrived or self.field_name != "file":
            raise StopUpload(connection_reset=False)
        self._do(lambda: self.arrived.append(Incoming()))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write it; there is nothing left for other handlers."""
        self._size += len(raw_data)
        self.is_too_large = self.is_too_large or self._size > upload_rules.LARGEST_BYTES
        if not self.is_too_large and self.arrived:
            self._do(lambda: self.arrived[0].write(raw_data))

    def file_complete(self, file_size: int) -> Any:  # the parser keeps whatever it is
        """The file, durable."""
        if not self.arrived:
            return None
        self._do(self.arrived[0].finish)
        return Arrived(self.arrived[0], self)

    def discard(self) -> None:
        """Leave nothing behind that has no place yet."""
        for incoming in self.arrived:
            incoming.discard()

    def _do(self, write: Any) -> None:
        if self.failure is None:
            try:
                write()
            except NotFetched as error:
                self.failure = error


class UploadInput(serializers.Serializer[Any]):
    """The form of `POST uploads/`."""

    file = serializers.FileField()
    kind = serializers.ChoiceField(sorted(upload_rules.KINDS), required=False, allow_blank=True)
    voice = serializers.BooleanField(required=False)


class UploadShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    mime_type = serializers.CharField()
    filename = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()


class UploadCreate(APIView):
    """Giving us a file to send."""

    parser_classes = [MultiPartParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Say where the file goes before the rest: a browser's login looks for its token in the
        form, and so has all of it read.
        """
        self.handler = ToDisk()
        request._request.upload_handlers = [self.handler]
        super().initial(request, *args, **kwargs)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        """Whatever the answer is, a file without a place is gone."""
        self.handler.discard()
        return super().finalize_response(*args, **kwargs)

    @extend_schema(
        operation_id="upload_create",
        request={"multipart/form-data": UploadInput},
        responses={
            201: UploadShape,
            413: OpenApiResponse(description="larger than anything that can be sent"),
            422: OpenApiResponse(description="why this file cannot be sent, and what can"),
        },
    )
    def post(self, request: Request) -> Response:
        """201 with the upload, which `POST messages/` names: `{image: {upload: id}}`."""
        membership = request.membership  # type: ignore[attr-defined]  # set by IsMember
        if not membership.replies:
            raise ReadOnly
        if _length(request) > LARGEST_BODY_BYTES:
            sentence = too_large(upload_rules.LARGEST_BYTES)
            return Response({"errors": {"file": [sentence]}}, status=413)
        try:
            return self._store(membership, request)
        except NotFetched as error:
            return Response({"code": error.code, "detail": error.sentence}, status=503)

    def _store(self, membership: Any, request: Request) -> Response:
        form = _form(request)
        arrived = form.get("file")
        if self.handler.failure is not None:
            raise self.handler.failure
        if self.handler.is_too_large:
            raise FieldErrors(file=too_large(upload_rules.LARGEST_BYTES))
        if not isinstance(arrived, Arrived):
            raise FieldErrors(file="Give one file, as a form does.")
        given = uploads.Given(
            incoming=arrived.incoming,
            filename=arrived.name,
            declared=arrived.declared,
            kind=_kind(form),
        )
        try:
            return Response(_shown(uploads.store(membership, given)), status=201)
        except uploads.Refused as refusal:
            raise FieldErrors(file=refusal.sentence) from refusal


def _form(request: Request) -> Mapping[str, Any]:
    """What came; another kind of body is no form, and was refused by its type."""
    return request.data if isinstance(request.data, Mapping) else {}


def _kind(form: Mapping[str, Any]) -> str:
    kind = str(form.get("kind", ""))
    if kind and kind not in upload_rules.KINDS:
        raise FieldErrors(kind=f"One of {', '.join(sorted(upload_rules.KINDS))}.")
    is_voice = str(form.get("voice", "")).lower() in ("true", "1", "on")
    return "voice" if is_voice and kind in ("", "audio", "voice") else kind


def _length(request: Request) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


def _shown(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.pk,
        "kind": upload.kind,
        "mime_type": upload.mime_type,
        "filename": upload.filename,
        "size_bytes": upload.size_bytes,
        "sha256": upload.sha256,
    }
