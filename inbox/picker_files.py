"""Files that are chosen in the template picker, for the header of a template.

A browser gives them to `uploads/` as they are chosen. Without JavaScript they come with the form,
and are kept by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from inbox import form_files
from inbox.picker_fields import PREFIX
from inbox.refusals import Invalid, ReadOnly
from messaging.media_failures import NotFetched
from messaging.providers.values import mapping
from outbound import uploads
from outbound.models import Upload
from outbound.template_parameters import MEDIA, Slot, shape_of

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from messaging.models import Membership
    from outbound.models import MessageTemplate


def kept(
    membership: Membership,
    template: MessageTemplate,
    given: Mapping[str, str],
    files: Mapping[str, UploadedFile[bytes]],
) -> dict[str, str]:
    """`given` with the uploads that the files of a form have become. Raises ReadOnly, Invalid."""
    found = dict(given)
    for slot in shape_of(template.components, template.parameter_format).slots:
        name = PREFIX + slot.key
        file = files.get(f"{name}.file") if slot.kind in MEDIA else None
        if file is not None:
            found[f"{name}.upload"] = str(_keep(membership, slot, file).pk)
    return found


def filename_of(organization_id: int, given: Any) -> str:
    """What an upload of ours is called; nothing for other files."""
    upload_id = mapping(given).get("upload")
    if not isinstance(upload_id, int) or not 0 < upload_id <= uploads.LARGEST_ID:
        return ""
    names = Upload.objects.filter(organization_id=organization_id, pk=upload_id)
    return names.values_list("filename", flat=True).first() or ""


def _keep(membership: Membership, slot: Slot, file: UploadedFile[bytes]) -> Upload:
    if not membership.replies:
        raise ReadOnly
    try:
        return form_files.keep(membership, file, kind=slot.kind)
    except (uploads.Refused, NotFetched) as refusal:
        said = _(refusal.sentence)
        raise Invalid({f"template.parameters.{slot.key}": [said]}) from refusal
