"""Files of users: written whole or not at all, and small tables read with the line of every fault.

On the ground of the house: it knows neither spectra nor the database.
"""
