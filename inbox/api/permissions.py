"""Members only; `X-Org-Id` chooses among several memberships."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from inbox import access

ORGANIZATION_HEADER = "X-Org-Id"


class IsMember(BasePermission):
    """Sets `request.membership`. An organisation that is not one's own is not found."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the asker is a member of anything. Raises Http404 for a foreign slug."""
        if not request.user or not request.user.is_authenticated:
            return False
        slug = request.headers.get(ORGANIZATION_HEADER)
        if slug:
            membership = access.choose_membership(request.user, slug)
            if membership is None:
                raise Http404
        else:
            membership = access.session_membership(request.user, request.session)
        request.membership = membership  # type: ignore[attr-defined]  # read by the views
        return membership is not None
