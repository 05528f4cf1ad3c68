"""Ensembles of models: planned, trained, listed, exchanged between databases, and asked to reconstruct spectra.

Scores and what follows from them may not come in; that is `catalog.anomaly`, which imports from here.
"""
