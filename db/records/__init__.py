"""The frozen records that queries take and return."""
