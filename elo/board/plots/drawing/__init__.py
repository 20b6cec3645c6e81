"""What figures are drawn with.

axis        scales in percent of a chart's width, of ratings or logarithmic
markup      escaped text, lines, style sheets and frames
svg_file    a chart as a file of its own
"""
