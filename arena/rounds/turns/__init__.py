"""The turns of a battle: what each side was asked and has answered, and how much of it is shown.

attempt     one side's answer to one turn, as stored and as shown
turn        a prompt, with an attempt of each side
attempts    those of a whole battle, turn by turn
writers     the tasks that read the models' streams into them
screening   the moderator's verdicts on the answers of a turn
"""
