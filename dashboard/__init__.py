"""The project's settings and its web pages. Importing it makes the Celery application known to `celery -A
dashboard`.
"""

from dashboard.celery import app as celery_app

__all__ = ["celery_app"]
