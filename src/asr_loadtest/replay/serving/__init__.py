"""
Sockets, threads and the clock: the only I/O of the replay beside its files.

    server.py        the stand-in
    door.py          its port            conversation.py  one connection
    clock.py         the recording's time
    kubeconfig.py    what leads a client here
"""
