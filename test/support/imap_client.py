"""Reads a mailbox with imaplib, as a script would: host and port as arguments, what it found as JSON on stdout."""

import imaplib
import json
import sys

host, port = sys.argv[1], int(sys.argv[2])
letter = b"Subject: from imaplib\r\nX-Probe: 77\r\n\r\n\xc3\xa9 body\r\n"
found = {}
with imaplib.IMAP4(host, port) as imap:
    found["protocol"] = imap.PROTOCOL_VERSION
    imap.starttls()
    imap.authenticate("PLAIN", lambda _: b"\0lab\0lab-password")
    found["folders"] = [line.decode() for line in imap.list()[1]]
    found["count"] = imap.select("INBOX")[1][0].decode()
    found["appended"] = imap.append("INBOX", "(\\Flagged)", '" 3-Nov-2026 06:00:00 +0000"', letter)[0]
    found["searched"] = [
        imap.uid("SEARCH", *criteria)[1][0].decode()
        for criteria in (["ALL"], ["HEADER", "X-Probe", "77"], ["SUBJECT", '"IMAPLIB"'], ["SINCE", "4-Nov-2026"], ["NOT", "FLAGGED"])
    ]
    [parts, _] = imap.uid("FETCH", "2", "(INTERNALDATE RFC822.SIZE FLAGS BODY.PEEK[])")[1]
    found["fetched"] = parts[0].decode()
    found["whole"] = parts[1] == letter
    found["stored"] = imap.uid("STORE", "2", "+FLAGS", "(\\Deleted)")[1][0].decode()
    found["expunged"] = imap.uid("EXPUNGE", "2")[0]
    found["left"] = imap.uid("SEARCH", "ALL")[1][0].decode()
    found["noop"] = imap.noop()[0]
try:
    with imaplib.IMAP4(host, port) as imap:
        imap.starttls()
        imap.login("lab", 'wrong "password"')
except imaplib.IMAP4.error as error:
    found["refused"] = str(error)
json.dump(found, sys.stdout)
