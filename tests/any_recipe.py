"""Recipes of every kind, for hypothesis."""

from hypothesis import strategies as st

from catalog.autoencoder.recipe import Recipe

ANY_RECIPE = st.builds(
    Recipe,
    window=st.none() | st.tuples(st.floats(1, 4000), st.floats(4001, 10400)),
    layers=st.lists(st.integers(1, 4096), min_size=1, max_size=5).map(tuple),
    bottleneck_activation=st.sampled_from(["relu", "linear"]),
    components=st.integers(0, 100),
    latent=st.integers(1, 10),
    photometry=st.sampled_from([(), ("bp_rp",), ("bp_rp", "abs_g")]),
    noise=st.floats(0, 10),
    learning_rate=st.floats(1e-6, 1),
    schedule=st.sampled_from(["constant", "cosine"]),
    balanced=st.booleans(),
    epochs=st.integers(1, 1000),
    seed=st.integers(0, 2**32),
)
