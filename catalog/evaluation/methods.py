"""Names of what is compared, without loading any of it."""

AUTOENCODER = "autoencoder"
BASELINES = ("pca", "isolation forest", "local outlier factor")
METHODS = (AUTOENCODER, *BASELINES)
"""In the order in which they are shown."""

MEMBERS = ("all", "unseen")
"""The consensus of all members, and of those that have not seen the star in training."""
