"""Names of the methods that are compared, without loading any of them."""

AUTOENCODER = "autoencoder"
SCORES = ("chi2", "relative error", "isolation")
"""What else an ensemble says of a spectrum, beside its error; see the view anomaly_score."""

BASELINES = ("pca", "isolation forest", "local outlier factor")
METHODS = (AUTOENCODER, *SCORES, *BASELINES)
"""In the order in which they are shown."""

MEMBERS = ("all", "unseen")
"""The consensus of all members, and of those that have not seen the star in training."""
