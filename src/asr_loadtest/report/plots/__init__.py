"""
Plots as SVG, from numbers: no browser's script, no library, no font but the page's own.

    svg.py       elements and paths as text
    scales.py    where a value lies, and which values are worth a label
    chart.py     lines and stacked areas over time; wide and narrow, from one drawing
    curve.py     a distribution from its fastest to its slowest

Colours are CSS variables of the page, so that the same drawing is right by day and by night.
"""
