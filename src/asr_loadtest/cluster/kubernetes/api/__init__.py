"""
How the Kubernetes API is spoken to; docs/decisions/0009-kubernetes-client.md says why so.

    trouble.py       what may go wrong with a request                           (pure)
    exec_plugin.py   a kubeconfig's plugin: a command that gives a token
    credentials.py   kubeconfig to HTTP client, and again when a token has expired
    connection.py    one connection: GET, a watch's lines, reviews
"""
