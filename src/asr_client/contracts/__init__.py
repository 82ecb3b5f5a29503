"""
Wire contracts: bytes to values and back, no I/O.

    wire.py            request, reply, call: what every codec makes and every transport moves
    kserve.py          KServe v2 as values        kserve_http.py, kserve_grpc.py   its two codecs
    speech.py          utterances in, texts out   recognizer.py                    over KServe
    generate.py, asr_infer.py, ulca.py            the JSON dialects, each a recognizer
    models.py          families of ASR models, as data      introspection.py   which one it is
    replies.py         who answered, and which error that is
"""
