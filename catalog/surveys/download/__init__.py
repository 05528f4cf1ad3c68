"""Fetching the files of MaStar: interrupted, stalled or killed, it goes on; what has its final name is whole.

`products` is the table of files; `stock` compares a folder with the server; `delivery` puts a product there: `transfer`
brings it into a `part` from a `server` that may fail, with `patience`; `verification` and `checksums` say whether it is
sound; `download` is all of it. The reading of the files is not done here.
"""
