"""What each template shows: a frozen dataclass and its builder a page. Reads through executions.queries; never calls
AWS.
"""
