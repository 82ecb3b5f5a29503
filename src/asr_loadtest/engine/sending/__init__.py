"""
A process that sends.

    member.py        hears the lead's orders
    share.py         its part of one measurement
      open_loop.py     arrivals at their times; hands.py who makes each of them
      closed_loop.py   users that wait for their answers
      caller.py        one request; target.py what it is made of
      outbox.py        records on their way to the lead
      pulse.py         how this process is itself
"""
