"""A module that hostile pickles try to change: `touched` turns true where one ran."""

touched = False
