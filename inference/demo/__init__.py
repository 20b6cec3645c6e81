"""The four demo models: the corpus that teaches them, the program that trains them, and their weights in models/NAME/.

`python -m inference.demo` trains all four from a seed, examines them and writes models/.
"""
