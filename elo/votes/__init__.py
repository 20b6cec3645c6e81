"""Votes read from files and database rows.

votes_file    a file of any format as votes, with a tally of the rows left out
vote_columns  votes as arrays, with the columns that the settings need
rows          CSV, JSON and JSON lines as rows
parquet       Parquet as rows
plain_csv     plain CSV as columns, without a loop over rows
plain_votes   votes from such columns
layout        the meaning of a file's columns
wanted        which rows are wanted, and the tally of the others
values        the meaning of one value, or the error in it
answers       the features of a row's two answers
style         length, headings, lists and bold of an answer
"""
