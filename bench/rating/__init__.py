"""Measurements of our ratings beside other projects'.

votes     simulated votes as index arrays, as CSV and as a database
engines   the compared engines: each prepares the votes in its favourite form, then runs on the clock
forms     the same with one form of the votes for all engines: lists, a data frame, ready counts
rewritten the ways of FastChat and of the Chatbot Arena notebook
live      what a page of a running arena waits for
runs      what all engines share
work      one engine and one task in a separate process
records   measurements, and the file that keeps them
exact     whether all engines give the same ratings
tables    Markdown tables and targets
"""
