"""A mock MaStar with known truth: stars, their light, what the instrument makes of it, and the files.

One spectrum's path: `population` draws a star, `atmosphere` gives its light, `oddities` and `dust` change it,
`spectrograph` resolves it and adds noise and gaps, `layouts` makes a row of it, `mwrfits` writes that.
"""

from catalog.surveys.mock.survey import TRUTH, MockSurvey, recorded_survey, write_mock

__all__ = ["TRUTH", "MockSurvey", "recorded_survey", "write_mock"]
