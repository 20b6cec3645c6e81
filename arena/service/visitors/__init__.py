"""What a visitor can see and decide about their own data.

visitors    class Visitors: the use cases, one method each
history     the battles in a list
own_board   ratings from the visitor's own votes
export      everything stored about the visitor, as JSON
"""
