#!/bin/sh
# Whether systemd takes the three files, tried with a service that does nothing.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd {{ out }}
mkdir "$folder/probe.service.d"
cp handfast.conf "$folder/probe.service.d/"
cp handfast-renewal@.service "$folder/"
cp handfast-renewal@.path "$folder/handfast-renewal@probe.path"
printf '[Service]\nExecStart=/bin/true\n' > "$folder/probe.service"
# What it cannot read it leaves out, with a word about it and no more.
said=$(systemd-analyze verify "$folder/probe.service" "$folder/handfast-renewal@probe.path" 2>&1) || { echo "$said" >&2; exit 1; }
case $said in
    *"$folder"*) echo "$said" >&2; exit 1 ;;
esac
