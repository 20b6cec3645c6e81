"""Tests of voters, one by one.

testing          the four tests of every voter after every vote, and who is flagged
habits           what honest voters do, estimated from all, and what careless ones do
exchangeability  agreement of each vote with earlier ones on the same pair
partiality       votes for or against one model
"""
