"""
All of a run for people and machines.

    run_folder.py    a run's files, written as it goes and read again
      line_files.py, checked_fields.py    lines that survive; values held against their types
    assessment.py    a run judged and put into its document, live or from its files
    document.py      one JSON document with every figure that is shown anywhere
      group_figures.py, series.py, server_section.py, generator_section.py    parts of it
    autoscaler_assessment.py    the autoscaler judged, by load_seen.py and server_sample.py too
      autoscaler_section.py, autoscaler_series.py    its part of the document
    written.py       one file for each format: page/, csv_tables.py, junit.py, markdown.py
    comparison.py    two documents beside each other
    page/            the document as HTML
    plots/           SVG, from numbers
    wording.py       figures in words      rounding.py    how many digits they have
    trend_fields.py  slopes in the document

docs/loadtest-report.md tells each key of the document.
"""
