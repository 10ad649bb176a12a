"""python3 smtplib_threads.py: does the same conversation with smtplib, in a given number of threads."""

import itertools
import json
import smtplib
import sys
import threading
import time

HELO_DOMAIN = "bench.example"


def probe(port):
    server = smtplib.SMTP("127.0.0.1", port, local_hostname=HELO_DOMAIN, timeout=30)
    for code, text in (server.ehlo(), server.noop(), server.quit()):
        if code // 100 != 2:
            raise RuntimeError(f"answered {code} {text!r}")


def flood(port, total, threads):
    tickets = itertools.count()
    broken = []

    def lane():
        try:
            while next(tickets) < total:
                probe(port)
        except Exception as error:
            broken.append(repr(error))

    lanes = [threading.Thread(target=lane) for _ in range(threads)]
    began = time.perf_counter()
    cpu_began = time.process_time()
    for thread in lanes:
        thread.start()
    for thread in lanes:
        thread.join()
    seconds = time.perf_counter() - began
    if broken:
        return {"error": broken[0]}
    return {"seconds": seconds, "cpuMicroseconds": (time.process_time() - cpu_began) / total * 1e6}


print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(flood(request["port"], request["total"], request["threads"])), flush=True)
