"""What programs may say of people, checked field by field; the rules are the use cases'."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inbox.access import LARGEST_ID
from messaging.describing import MOST_DETAILS

MOST_NAMED = 2 * MOST_DETAILS


class ContactInput(serializers.Serializer[Any]):
    """`PATCH contacts/{id}/`: only what is given changes."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    attributes = serializers.DictField(
        child=serializers.CharField(allow_null=True, allow_blank=True, trim_whitespace=False),
        required=False,
        help_text="Details by name; null drops one.",
    )

    def validate_attributes(self, value: dict[str, Any]) -> dict[str, Any]:
        """A whole set changed for another one is the most there can be."""
        if len(value) > MOST_NAMED:
            raise serializers.ValidationError("Too many details at once.")
        return value


class MergeInput(serializers.Serializer[Any]):
    """`POST contacts/{id}/merge/`."""

    contact = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
