"""Where allauth looks for this project's identity providers; ours is in accounts/oidc.py."""

from django.conf import settings

provider_classes = []
if settings.OIDC:
    # It brings requests, 6 MB that only an installation with single sign-on needs.
    from dashboard.accounts.oidc import Provider

    provider_classes.append(Provider)
