"""Chunks of a file as votes, whole columns at a time.

file_votes  the rows of one file as votes: those that are wanted, and a tally of the others
reading     how rows are read, and what has been read so far
battles     the two models and the outcome of each row
extras      voters, prepared pairs, times, probabilities and features of answers
conditions  the columns that are asked for by name, and the conditions on them
repeats     battles that were read before
judged      the meaning of each distinct value of a column, found once
"""
