"""What the arena reads and writes in the database, one transaction for each step.

access        the steps run in worker threads, and a failure is a refusal
battles       a battle is stored, continued, replaced and read
votes         a vote is stored with its verdict, withdrawn, and counted
journal       where a battle being written stores its answers
housekeeping  the models, this process, and what is deleted in time
"""
