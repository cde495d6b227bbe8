"""A JSON Schema as a form of Django's: drawn and read on the server, so that no number passes through JavaScript."""

from dashboard.forms.schema.form import SchemaForm, flat
from dashboard.forms.schema.parts import Group, Leaf, Rows

__all__ = ["Group", "Leaf", "Rows", "SchemaForm", "flat"]
