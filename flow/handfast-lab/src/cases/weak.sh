# A CA, a client with an RSA key of 1024 bits, and one whose certificate is signed with SHA-1.
set -e
openssl req -x509 -newkey rsa:2048 -nodes -keyout weak-ca.key -out weak-ca.crt -sha256 \
    -subj '/O=Handfast Lab/CN=Lab Weak CA' -days 30 -addext keyUsage=critical,keyCertSign
printf 'extendedKeyUsage = clientAuth\nsubjectAltName = DNS:client.lab.example\n' > weak.extensions
client() {
    mkdir -p "$1"
    openssl req -new -newkey "$2" -nodes -keyout "$1/tls.key" -out "$1/tls.csr" -subj '/O=Handfast Lab/CN=client'
    openssl x509 -req -in "$1/tls.csr" -CA weak-ca.crt -CAkey weak-ca.key -CAcreateserial -days 10 "$3" \
        -extfile weak.extensions -out "$1/tls.crt"
}
client client-weak rsa:1024 -sha256
client client-sha1 rsa:2048 -sha1
cat weak-ca.crt >> ca.crt
