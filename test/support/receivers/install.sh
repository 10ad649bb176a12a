#!/bin/sh
# Gets exim, opensmtpd, three FTP servers and two news servers for the tests. As installed packages the first two would replace postfix, and the
# FTP and news servers each other: they are unpacked instead. The tests run the mail servers from private roots.
set -eu
into=/opt/probe-run-receivers
packages="exim4-base exim4-daemon-light opensmtpd vsftpd proftpd-core proftpd-mod-crypto pure-ftpd pure-ftpd-common \
  leafnode inn2 inn2-inews libcanlock3"

apt-get update -qq
# What they are linked with, and a system may not have.
apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 libidn12 libgnutls-dane0 libnsl2 libpcre2-8-0 libevent-2.1-7 libdb5.3 \
  libwrap0 libcap2 libhiredis0.14 libmemcached11 libmemcachedutil2 libpcre2-posix3 libsodium23 \
  libperl5.36 libpython3.11 libsasl2-2

fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
# apt fetches as a user of its own.
chmod 777 "$fetched"
# shellcheck disable=SC2086 # each word is a package
(cd "$fetched" && apt-get download -qq $packages)
mkdir -p "$into"
for package in "$fetched"/*.deb; do dpkg -x "$package" "$into"; done
