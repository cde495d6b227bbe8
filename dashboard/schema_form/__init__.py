"""A JSON Schema as a form of Django's: drawn and read on the server, so that no number passes through JavaScript."""

from dashboard.schema_form.form import SchemaForm, flat
from dashboard.schema_form.parts import Group, Leaf, Rows

__all__ = ["Group", "Leaf", "Rows", "SchemaForm", "flat"]
