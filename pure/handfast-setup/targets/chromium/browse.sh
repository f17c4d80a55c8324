#!/bin/sh
# A Chromium of its own, that shows your certificate to one server: sh browse.sh [FLAG...] [URL...]
set -eu
out={{ out }}
export HOME="$out"
[ -e "$HOME/.pki/nssdb" ] || sh "$out/trust.sh"
if [ ! -e "$out/profile" ]; then
    mkdir -p "$out/profile/Default"
    cp "$out/preferences.json" "$out/profile/Default/Preferences"
fi
exec chromium --user-data-dir="$out/profile" --no-first-run "$@"
