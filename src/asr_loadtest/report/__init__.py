"""
All of a run for people and machines.

    run_folder.py    a run's files, written as it goes and read again
    document.py      one JSON document with every figure that is shown anywhere
    html.py csv_tables.py junit.py markdown.py    that document, and nothing else, for readers
    comparison.py    two documents beside each other
    plots/           SVG, from numbers

docs/loadtest-report.md tells each key of the document.
"""
