"""Spectra: their datasets and grids, the quality of their pixels, wavelength windows, and how they are read.

Models, ensembles and scores may not come in; what reads spectra for them imports from here.
"""
