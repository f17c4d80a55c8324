#!/bin/sh
# Mutual TLS: sh mongosh.sh [ARGUMENT...]
exec mongosh {{ "mongodb://" ~ to ~ "/" }} --tls \
    --tlsCertificateKeyFile {{ out ~ "/pair.pem" }} \
    --tlsCAFile {{ ca }} \
{% if crl %}
    --tlsCRLFile {{ crl }} \
{% endif %}
    --authenticationMechanism MONGODB-X509 --authenticationDatabase '$external' "$@"
