"""Recipes and the models that they describe: on arrays and files, trained, saved, and asked for reconstructions.

The database and ensembles may not come in; `network`, `stack` and `backend` alone import Keras.
"""
