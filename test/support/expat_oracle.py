"""Reads XML documents with expat, which shares nothing with our reader: a document in base64 a line in, its events as JSON a line out, null if it is refused."""

import base64
import json
import sys
import xml.parsers.expat


def events(document):
    found = []
    parser = xml.parsers.expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: found.append(["open", name, sorted(attributes.items())])
    parser.EndElementHandler = lambda name: found.append(["close", name])
    parser.CharacterDataHandler = lambda text: found.append(["text", text])
    try:
        parser.Parse(document, True)
    except xml.parsers.expat.ExpatError:
        return None
    return found


for line in sys.stdin:
    print(json.dumps(events(base64.b64decode(line))), flush=True)
