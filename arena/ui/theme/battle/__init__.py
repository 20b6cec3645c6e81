"""What stands around the conversation on a battle page: the dock, its prompt box and its keys."""
