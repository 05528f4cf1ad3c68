"""How odd spectra are: scores, the ranks made of them, look-alikes, regions of the diagram, causes as rows.

What is asked of the database is light; what computes (scoring, ranks, explain, all_neighbors) may load SciPy and Keras.
No survey, no figure and no astropy table comes in here, except where a spectrum or a file of templates is read.
"""
