#!/bin/sh
# Puts your certificate, its key and the CA into a profile of Firefox: sh trust.sh [FOLDER]
# Without a folder it is the one that browse.sh uses. Firefox must not run meanwhile.
set -eu
umask 077
database=${1:-{{ out ~ "/profile" }}}
pair=$(mktemp)
trap 'rm -f "$pair"' EXIT

mkdir -p "$database"
[ -e "$database/cert9.db" ] || certutil -N -d "sql:$database" --empty-password
# What an earlier run left, the key of a certificate with it.
while certutil -F -d "sql:$database" -n "handfast client" 2>/dev/null; do :; done
while certutil -D -d "sql:$database" -n "handfast CA" 2>/dev/null; do :; done

certutil -A -d "sql:$database" -n "handfast CA" -t C,, -i {{ ca }}
openssl pkcs12 -export -in {{ cert }} -inkey {{ key }} -name "handfast client" -passout pass: -out "$pair"
pk12util -d "sql:$database" -i "$pair" -W ""
