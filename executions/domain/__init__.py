"""What a durable execution is and means: pure functions over AWS's wire JSON.

Standard library only (and jsonpatch, in `diff`), no clock (`now` is an argument, in epoch seconds), no I/O. Anything
AWS may send tomorrow is accepted: unknown event types, statuses and malformed details survive as text or become None.
"""
