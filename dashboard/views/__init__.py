"""Thin function views: read the request, call pages or actions, render."""
