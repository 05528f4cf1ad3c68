"""Lengths of the array columns, which the tables fix."""

N_PIXEL = 4563
"""Pixels of the MaStar grid, and so the length of the array columns."""

N_LATENT = 10
"""Length of a latent vector (the paper's section 3.1)."""
