"""
What carries requests.

    wire.py                what every wire can do, and which one a URL asks for
    http_wire.py           HTTP: a pool of connections
      http_connection.py     one of them; http_reply.py parses what comes over it
    grpc_wire.py           gRPC: the SDK's own transport
    connection_policy.py   how long a connection is kept
"""
