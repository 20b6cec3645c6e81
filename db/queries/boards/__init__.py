"""The votes that count, as boards and reports read them: in order, counted, or one by one."""
