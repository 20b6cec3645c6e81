"""The checks of each client, one file for each."""
