"""Signs, seals and verifies messages with python3-dkim, which shares nothing with our code: a JSON request a line in, an answer a line out."""

import base64
import json
import sys

import dkim


def lookup_in(records):
    return lambda name, timeout=5: records.get(name.decode().rstrip("."), "").encode() or None


def sign(request, message):
    canonicalize = tuple(part.encode() for part in request["canonicalize"].split("/"))
    fields = [name.encode() for name in request["fields"]]
    header = dkim.sign(message, b"s1", b"example.org", request["key"].encode(), canonicalize=canonicalize, length=request["length"], include_headers=fields)
    return {"message": base64.b64encode(header + message).decode()}


def seal(request, message):
    for instance in range(request["instances"]):
        found = b"none" if instance == 0 else b"pass"
        judged = b"Authentication-Results: lists.example; arc=" + found + b"\r\n" + message
        sealed = dkim.ARC(judged).sign(b"s1", b"example.org", request["key"].encode(), b"lists.example", timestamp="1700000000")
        message = b"".join(sealed) + message
    return {"message": base64.b64encode(message).decode()}


def verify(request, message):
    try:
        verified = dkim.verify(message, dnsfunc=lookup_in(request["records"]))
    except Exception:  # It raises for some messages that are broken.
        verified = False
    return {"verified": bool(verified)}


def verify_chain(request, message):
    result, _, reason = dkim.ARC(message).verify(dnsfunc=lookup_in(request["records"]))
    return {"result": reason if result is None else result.decode()}


ACTIONS = {"sign": sign, "seal": seal, "verify": verify, "verify_chain": verify_chain}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(ACTIONS[asked["action"]](asked, base64.b64decode(asked["message"]))), flush=True)
