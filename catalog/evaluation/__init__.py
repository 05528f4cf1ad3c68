"""How well an ensemble recovers anomalies that are known: those that a table lists, and those planted in spectra.

What is measured here is the ensemble; nothing here changes scores, ranks or models. Spectra are read through
`catalog.spectra` and scored by the functions that score a dataset.
"""
