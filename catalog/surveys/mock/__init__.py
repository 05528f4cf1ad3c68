"""A mock MaStar with known truth: stars, their light, what the instrument makes of it, and the files (`survey`).

One spectrum's path: `population` draws a star, `atmosphere` gives its light, `oddities` and `dust` change it,
`spectrograph` resolves it and adds noise and gaps, `rows` makes a row of it, `mwrfits` writes that. What reads survey
files, and what is learnt from them, may not come in here.
"""
