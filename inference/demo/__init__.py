"""The four demo models, and the program that trains them.

`python -m inference.demo` trains all four from a seed, examines them and writes models/.
"""
