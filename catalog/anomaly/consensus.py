"""Constants of the consensus, the same for SQL and for arrays; a test holds them against `views/consensus.sql`."""

FLAGGED_FROM = 99
"""Percentile of a model's errors from which on it flags a spectrum; the macro `consensus` takes others as well."""

DIGITS = 9
"""Digits that means are rounded to, so that equal ones tie in whatever order they were added up."""
