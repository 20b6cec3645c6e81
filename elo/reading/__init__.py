"""From the text of a votes file to its values; `elo.votes_file` puts them together.

rows         CSV, JSON and JSON lines as rows, whatever is in them
parquet      the same from Parquet
plain_csv    plain CSV as whole columns, without a loop over rows
plain_votes  votes out of such columns
layout       which columns mean what
wanted       which rows are wanted, and the tally of the others
values       what one value means, or why it means nothing
answers      what is told of the two answers of a row
"""
