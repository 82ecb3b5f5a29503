"""
Files into recordings: raw answers of an API, or what an HPA did, sync by sync.

    files.py      which of both a file is
    raw.py        raw answers      incidents.py  what went wrong while they were recorded
    trace/        syncs
"""
