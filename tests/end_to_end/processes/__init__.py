"""The real processes under a real browser: started, slow, killed, cut off, behind a proxy."""
