"""One file per version of the schema, the newest last."""
