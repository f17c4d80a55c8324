#!/bin/sh
# A Firefox of its own, that shows your certificate: sh browse.sh [FLAG...] [URL...]
set -eu
profile={{ out ~ "/profile" }}
if [ ! -e "$profile/cert9.db" ]; then
    sh {{ out ~ "/trust.sh" }}
    cp {{ out ~ "/user.js" }} "$profile/user.js"
fi
firefox=$(command -v firefox || command -v firefox-esr)
exec "$firefox" --no-remote --profile "$profile" "$@"
