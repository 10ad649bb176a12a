#!/bin/sh
# Makes the certificates in fixtures/certificates. Their keys are public: they are for tests on the loopback and nothing else.
# Certificates that expire soon are made by the tests themselves (runner/lab/self-signed.ts): a file would not stay "soon".
set -eu

folder="$(cd "$(dirname "$0")/.." && pwd)/fixtures/certificates"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

LOCAL="DNS:localhost,IP:127.0.0.1,IP:::1,DNS:mx.example.org"
FROM=20200101000000Z
UNTIL=21200101000000Z

key() {
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$folder/$1.key.pem"
}

# What `openssl ca` keeps its books in. It is used because it alone can set both ends of the validity.
cat > ca.cnf <<'CONFIG'
[ca]
default_ca = books
[books]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
CONFIG
: > index.txt

# issue NAME COMMON_NAME EXTENSIONS FROM UNTIL ISSUER
# ISSUER is a name made before, or NAME itself for a self-signed one.
issue() {
  key "$1"
  openssl req -new -utf8 -key "$folder/$1.key.pem" -subj "/CN=$2" -out request.pem
  printf '%b' "$3" > extensions.cnf
  if [ "$6" = "$1" ]; then signer="-selfsign"; else signer="-cert $folder/$6.pem"; fi
  # shellcheck disable=SC2086
  openssl ca -batch -notext -config ca.cnf $signer -keyfile "$folder/$6.key.pem" -in request.pem -extfile extensions.cnf \
    -startdate "$4" -enddate "$5" -out "$folder/$1.pem" 2> log || { cat log >&2; exit 1; }
}

identifiers='subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'
authority="basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n$identifiers"
server() {
  echo "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n${identifiers}subjectAltName=$1\n"
}

issue authority     "probe-run test authority"    "$authority"                  $FROM           $UNTIL          authority
issue intermediate  "probe-run test intermediate" "$authority"                  $FROM           $UNTIL          authority
issue localhost     localhost                     "$(server "$LOCAL")"          $FROM           $UNTIL          authority
issue expired       localhost                     "$(server "$LOCAL")"          20200101000000Z 20210101000000Z authority
issue not-yet-valid localhost                     "$(server "$LOCAL")"          21000101000000Z $UNTIL          authority
issue wrong-name    other.example.net             "$(server DNS:other.example.net)" $FROM       $UNTIL          authority
issue wildcard      '*.example.org'               "$(server 'DNS:*.example.org')" $FROM         $UNTIL          authority
issue self-signed   localhost                     "$(server "$LOCAL")"          $FROM           $UNTIL          self-signed
issue constrained   "probe-run test constrained"  "${authority}nameConstraints=critical,permitted;DNS:example.net\\n" $FROM $UNTIL authority
issue below-constrained localhost                 "$(server "$LOCAL")"          $FROM           $UNTIL          constrained
issue client-only   localhost                     "$(server "$LOCAL" | sed s/serverAuth/clientAuth/)" $FROM $UNTIL authority
issue common-name-only mx.example.org             "basicConstraints=critical,CA:FALSE\\n$identifiers" $FROM $UNTIL authority
issue incomplete-chain localhost                  "$(server "$LOCAL")"          $FROM           $UNTIL          intermediate

# The same leaf, with what leads to the authority.
cat "$folder/incomplete-chain.pem" "$folder/intermediate.pem" > "$folder/chain.pem"
cp "$folder/incomplete-chain.key.pem" "$folder/chain.key.pem"
