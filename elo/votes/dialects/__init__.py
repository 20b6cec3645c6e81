"""What the columns and values of a file mean.

layout          the meaning of a file's columns
public_formats  exports of other projects
winners         the meaning of a winner: a label, or a model's name
names           names that look the same
"""
