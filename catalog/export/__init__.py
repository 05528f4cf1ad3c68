"""Tables out of the database into files that other programs read, with all that is known of their columns."""
