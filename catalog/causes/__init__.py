"""Why a spectrum is anomalous (the paper's section 4): functions of arrays, which know of no database.

`where` lies the error, is it `noise`, which `signs` of known causes does it bear, what is it `like`, and the `verdict`.
"""
