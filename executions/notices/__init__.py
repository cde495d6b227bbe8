"""Telling people outside: what is to be told is derived from the mirror, each thing once by each rule.

`finding` looks through the mirror and writes a row for each thing; `delivering` makes messages of them and sends each
by one worker; `sending` and what it calls reach the world.
"""
