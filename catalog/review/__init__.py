"""What people say of stars once they have looked: labels.

Light, for it is asked while somebody looks through a list: neither spectra nor models come in here.
"""
