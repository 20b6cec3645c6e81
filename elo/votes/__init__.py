"""Votes read from files, tables and database rows.

votes_file    files of any format, and tables in memory, as votes, with a tally of the rows left out
decoding      chunks of a file as votes, whole columns at a time
vote_columns  votes as arrays, with the columns that the settings need
further       columns that are asked for by name
dialects      what the columns and values of a file mean
selection     which rows are wanted
values        the meaning of one value, or the error in it
answers       the features of a row's two answers
style         length, headings, lists and bold of an answer
files         files and tables as chunks of columns
"""
