"""
Wire contracts: bytes to values and back, no I/O.

    wire.py            request, reply, exchange: what codecs make and transports move
    kserve.py          KServe v2 as values        kserve_http.py, kserve_grpc.py   its two codecs
                                                  protobuf.py                      by hand
    recognizer.py      utterances in, texts out   kserve_recognizer.py             over KServe
    json_dialect.py    audio in a JSON body       generate.py, asr_infer.py, ulca.py   its users
    catalogue.py       families of ASR models, as data      introspection.py   which one it is
    replies.py         the errors that refusals are, as classification/ judges them
"""
