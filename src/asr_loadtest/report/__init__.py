"""
All of a run for people and machines.

    run_folder.py    a run's files, written as it goes and read again
      line_files.py, checked_fields.py    lines that survive; values held against their types
    assessment.py    a run judged and put into its document, live or from its files
    document.py      one JSON document with every figure that is shown anywhere
      group_figures.py, series.py, server_section.py, generator_section.py    parts of it
    written.py       one file for each format: page/, csv_tables.py, junit.py, markdown.py
    comparison.py    two documents beside each other
    page/            the document as HTML
    plots/           SVG, from numbers
    wording.py       figures in words      rounding.py    how many digits they have

docs/loadtest-report.md tells each key of the document.
"""
