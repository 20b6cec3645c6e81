"""Files and rows of votes  ->  `battles.Votes`; `votes_file` puts the rest together.

votes_file    a file of any format as votes, with what was left out
vote_columns  the columns beside winner and models that a setting asks for
rows          CSV, JSON and JSON lines as rows, whatever is in them
parquet       the same from Parquet
plain_csv     plain CSV as whole columns, without a loop over rows
plain_votes   votes out of such columns
layout        which columns mean what
wanted        which rows are wanted, and the tally of the others
values        what one value means, or why it means nothing
answers       what a row says of its two answers
style         length, headings, lists and bold of an answer
"""
