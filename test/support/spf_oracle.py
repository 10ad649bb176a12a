"""Evaluates SPF with python3-spf, which shares nothing with our code: a JSON request a line in, a result a line out."""

import json
import sys

import spf


def lookup_in(zone):
    def look_up(name, qtype, *_options, **_more):
        records = zone.get(name.lower().rstrip("."))
        if records is None:
            return []
        if records == "fails" or records.get(qtype) == "fails":
            raise spf.TempError("DNS: the name server failed")
        found = records.get(qtype, [])
        if qtype == "TXT":
            return [((name, qtype), [text.encode()]) for text in found]
        if qtype == "MX":
            return [((name, qtype), (10, host)) for host in found]
        return [((name, qtype), value) for value in found]

    return look_up


for line in sys.stdin:
    asked = json.loads(line)
    spf.DNSLookup = lookup_in(asked["zone"])
    query = spf.query(i=asked["ip"], s=asked["sender"], h=asked["helo"], strict=True)
    result, _code, explanation = query.check()
    print(json.dumps({"result": result, "why": explanation}), flush=True)
