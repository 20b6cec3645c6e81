"""Which rows of votes files are wanted.

wanted  which rows are wanted, and the tally of the others
where   conditions on a column, such as language=ko
parts   votes divided by the values of a column
"""
