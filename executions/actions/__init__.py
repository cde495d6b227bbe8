"""What people do to executions: permit, write it down, call AWS, write down the outcome, have the mirror look again.

Nothing here writes execution state: that is what sync reads from AWS afterwards.
"""
