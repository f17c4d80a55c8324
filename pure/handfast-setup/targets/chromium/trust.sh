#!/bin/sh
# Puts your certificate and its key into an NSS database, and the CA as one that servers are believed by.
# sh trust.sh [FOLDER]; without a folder, ~/.pki/nssdb, where Chromium looks.
set -eu
umask 077
database=${1:-$HOME/.pki/nssdb}
pair=$(mktemp)
trap 'rm -f "$pair"' EXIT

mkdir -p "$database"
[ -e "$database/cert9.db" ] || certutil -N -d "sql:$database" --empty-password
# A second run replaces what the first one left.
for name in "handfast CA" "handfast client"; do
    while certutil -D -d "sql:$database" -n "$name" 2>/dev/null; do :; done
done
certutil -A -d "sql:$database" -n "handfast CA" -t C,, -i {{ ca }}
openssl pkcs12 -export -in {{ cert }} -inkey {{ key }} -name "handfast client" -passout pass: -out "$pair"
pk12util -i "$pair" -d "sql:$database" -W ""
