# What nobody may make any more, so that OpenSSL has to be asked for it: weak.sh leaf|issuer|digest client|server.
set -e
what=$1 purpose=$2
mkdir -p pair
openssl req -x509 -newkey rsa:2048 -nodes -keyout weak-ca.key -out weak-ca.crt -sha256 \
    -subj '/O=Handfast Lab/CN=Lab Weak Root' -days 30 -addext keyUsage=critical,keyCertSign
printf 'basicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign\n' > issuer.extensions
printf 'extendedKeyUsage = %sAuth\nsubjectAltName = DNS:localhost,DNS:%s.lab.example\n' "$purpose" "$purpose" > leaf.extensions
issuer=rsa:2048 issuer_digest=-sha256 leaf=rsa:2048
case $what in
    leaf) leaf=rsa:1024 ;;
    issuer) issuer=rsa:1024 ;;
    digest) issuer_digest=-sha1 ;;
esac
openssl req -new -newkey "$issuer" -nodes -keyout weak-issuing.key -out weak-issuing.csr -subj '/O=Handfast Lab/CN=Lab Weak Issuing CA'
openssl x509 -req -in weak-issuing.csr -CA weak-ca.crt -CAkey weak-ca.key -CAcreateserial -days 20 "$issuer_digest" \
    -extfile issuer.extensions -out weak-issuing.crt
openssl req -new -newkey "$leaf" -nodes -keyout pair/tls.key -out pair.csr -subj "/O=Handfast Lab/CN=$purpose"
openssl x509 -req -in pair.csr -CA weak-issuing.crt -CAkey weak-issuing.key -CAcreateserial -days 10 -sha256 \
    -extfile leaf.extensions -out leaf.crt
cat leaf.crt weak-issuing.crt > pair/tls.crt
cat weak-ca.crt >> ca.crt
