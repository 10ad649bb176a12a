"""Packs stdin in every way into a folder: zip (several files, stored, nested) and gzip. The judge of our reader is Python's zipfile and gzip."""
import gzip, io, os, sys, zipfile

data = sys.stdin.buffer.read()
# 64 times this is twice what the reader takes.
SPACES = b" " * (1024 * 1024)
folder = sys.argv[1]


def zipped(files, method=zipfile.ZIP_DEFLATED, comment=b""):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
        archive.comment = comment
    return out.getvalue()


def explode(file):
    file.write(b"<")
    for _ in range(64):
        file.write(SPACES)


def zip_bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open(NAME, "w") as file:
        explode(file)
    return out.getvalue()


def gzip_bomb():
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as file:
        explode(file)
    return out.getvalue()


NAME = "receiver.example!example.org!1335571200!1335657599.xml"
KINDS = {
    "gzip": lambda: gzip.compress(data),
    "zip": lambda: zipped([(NAME, data)]),
    "stored": lambda: zipped([(NAME, data)], zipfile.ZIP_STORED),
    "folders": lambda: zipped([("reports/", b""), ("__MACOSX/x", b"x"), ("reports/" + NAME, data)], comment=b"PK\x05\x06 is in a comment" * 9),
    "two": lambda: zipped([("a.xml", data), ("b.xml", data)]),
    "bzip2": lambda: zipped([(NAME, data)], zipfile.ZIP_BZIP2),
    "zip-in-zip": lambda: zipped([("a.zip", zipped([(NAME, data)]))]),
    "gzip-in-zip": lambda: zipped([("a.xml.gz", gzip.compress(data))]),
    "gzip-in-gzip": lambda: gzip.compress(gzip.compress(data)),
    "bomb": zip_bomb,
    "gzip-bomb": gzip_bomb,
    "many": lambda: zipped([("%d.xml" % index, b"") for index in range(10000)]),
}
for kind, packed in KINDS.items():
    with open(os.path.join(folder, kind), "wb") as file:
        file.write(packed())
