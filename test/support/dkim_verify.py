"""Verifies DKIM signatures with python3-dkim: a JSON request a line in, a JSON answer a line out."""

import base64
import json
import sys

import dkim


def verify(request):
    message = base64.b64decode(request["message"])
    records = {name.encode(): text.encode() for name, text in request["records"].items()}

    def look_up(name, timeout=5):
        return records.get(name.rstrip(b"."))

    try:
        count = sum(1 for name, _ in dkim.rfc822_parse(message)[0] if name.lower() == b"dkim-signature")
    except dkim.MessageFormatError as error:
        return [f"error: {error}"]
    return [one(message, index, look_up) for index in range(count)]


def one(message, index, look_up):
    try:
        return "pass" if dkim.DKIM(message).verify(index, dnsfunc=look_up) else "fail"
    except Exception as error:  # It raises all kinds for some messages that are broken.
        return f"error: {error}"


for line in sys.stdin:
    print(json.dumps(verify(json.loads(line))), flush=True)
