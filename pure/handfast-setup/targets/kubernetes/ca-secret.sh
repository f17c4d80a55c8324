#!/bin/sh
# The CA, and the revocation lists beside it, in the Secret that the Ingress names. Again after every new list.
set -eu
kubectl create secret generic handfast-ca --namespace default \
    --from-file=ca.crt={{ ca }} \
{% if crl %}
    --from-file=ca.crl={{ crl }} \
{% endif %}
    --dry-run=client --output yaml | kubectl apply -f -
