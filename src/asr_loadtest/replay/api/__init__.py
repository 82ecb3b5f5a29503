"""
What an API server says: questions in, answers and watches out. Pure.

    access.py       who may ask what, and what goes wrong now
    questions.py    requests as verbs on objects      selectors.py  which objects
    answers.py      what is answered                  wire.py       as bytes
      listing.py, watching.py, discovery.py, rights.py    by sort of question
      statuses.py     the noes
"""
