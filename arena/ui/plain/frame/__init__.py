"""What every page has, whatever it shows.

place       where a page is, and what its visitor has chosen
head        title, description, link preview
shell       header, the line about publishing, footer
document    a whole page made of these and its own part
"""
