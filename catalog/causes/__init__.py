"""Why a spectrum is anomalous (the paper's section 4): functions of arrays, which know of no database and no survey.

`where` lies the error, is it `noise`, which `signs` of known causes does it bear, what is its `likeness` to templates,
and the `verdict`, by `rules` that a reader can follow and with the `facts` that led to it.
"""
