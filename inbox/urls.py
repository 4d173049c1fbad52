"""Every page of the web process."""

from __future__ import annotations

from django.urls import include, path, re_path

from inbox.views import (
    account,
    composer,
    contact,
    conversations,
    health,
    media,
    members,
    picker,
    review,
    search,
    shared_files,
    timeline,
)
from outbound import file_links

app_name = "inbox"
urlpatterns = [
    path("", conversations.conversation_list, name="conversation-list"),
    path("rows/", conversations.changed_rows, name="changed-rows"),
    path("conversations/<int:conversation_id>/", conversations.conversation, name="conversation"),
    path(
        "conversations/<int:conversation_id>/messages/",
        timeline.message_list,
        name="message-list",
    ),
    path("conversations/<int:conversation_id>/read/", timeline.read, name="conversation-read"),
    path("conversations/<int:conversation_id>/reply/", composer.reply, name="conversation-reply"),
    path(
        "conversations/<int:conversation_id>/template/",
        picker.picker,
        name="conversation-template",
    ),
    path("messages/<int:message_id>/review/", review.review, name="message-review"),
    path("media/<int:media_id>/", media.file, name="media"),
    path(f"{file_links.PATH}/<str:token>/", shared_files.shared_file, name="shared-file"),
    path("media/<int:media_id>/thumbnail/", media.thumbnail, name="media-thumbnail"),
    path("media/<int:media_id>/retry/", media.retry, name="media-retry"),
    path(
        "conversations/<int:conversation_id>/contact/", contact.panel, name="conversation-contact"
    ),
    path("contacts/<int:contact_id>/", contact.contact, name="contact"),
    path("contacts/<int:contact_id>/consent/", contact.consent, name="contact-consent"),
    path("suggestions/<int:suggestion_id>/merge/", contact.merge, name="suggestion-merge"),
    path("suggestions/<int:suggestion_id>/reject/", contact.reject, name="suggestion-reject"),
    path("merges/<int:merge_id>/undo/", contact.undo, name="merge-undo"),
    path("search/", search.search, name="search"),
    path("login/", account.log_in_view, name="login"),
    path("logout/", account.log_out_view, name="logout"),
    path("organizations/", account.organization_list, name="organization-list"),
    path("password/reset/", account.PasswordReset.as_view(), name="password-reset"),
    path("password/reset/sent/", account.PasswordResetSent.as_view(), name="password-reset-sent"),
    path(
        "password/reset/<uidb64>/<token>/",
        account.PasswordResetConfirm.as_view(),
        name="password-reset-confirm",
    ),
    path(
        "password/reset/complete/",
        account.PasswordResetComplete.as_view(),
        name="password-reset-complete",
    ),
    path("settings/members/", members.member_list, name="member-list"),
    path("invitations/<str:token>/", members.accept_invitation, name="invitation"),
    re_path(r"^health/live/?$", health.live, name="health-live"),
    re_path(r"^health/ready/?$", health.ready, name="health-ready"),
    re_path(r"^metrics/?$", health.metrics, name="metrics"),
    path("api/v1/", include("inbox.api.urls")),
]
