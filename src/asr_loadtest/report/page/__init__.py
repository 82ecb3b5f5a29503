"""
The report as one HTML file that needs nothing else: no network, no fonts, no script to be read.

    page.py      the whole of it
    markup.py    elements, figures with their place in the document, tables
    verdict.py   the banner, the SLO, what bound, what to do
    plots.py     the plots: plot.py is what one shows; plot_list.py and autoscaler_plots.py
                 say which series stand together
    tables.py    what has columns: server_tables.py, autoscaler_tables.py, blocks.py
    style.css    light, dark, phone, paper        hover.js   values under the pointer, if it may run
"""
