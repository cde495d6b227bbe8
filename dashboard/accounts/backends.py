"""Who may do what comes from groups alone: roles and teams."""

from typing import Any

from django.contrib.auth.backends import ModelBackend


class GroupBackend(ModelBackend):
    """Django's accounts and passwords. Permissions of single people, which nobody would find, do not count."""

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()


class SingleSignOnBackend(GroupBackend):
    """Of sessions that began at the identity provider. It knows no passwords."""

    def authenticate(self, request: Any, username: Any = None, password: Any = None, **credentials: Any) -> None:
        return None
