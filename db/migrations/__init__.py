"""The migrations of the schema, which Alembic applies in order, and the environment in which they run."""
