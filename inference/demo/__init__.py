"""The four demo models that ship: the corpus that teaches them, the program that trains them, and models/NAME/.

`python -m inference.demo` trains all four from nothing but a seed, examines them and writes models/.
"""
