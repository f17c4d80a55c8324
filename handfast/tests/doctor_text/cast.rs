//! Certificates with one fault each, made by openssl; the fault is in the name of the file.

use crate::program::Place;

/// Everybody, in one folder. `CA.crt` signs `NAME.crt` with `NAME.key`; `NAME-full.crt` is with what stands above.
const MAKE: &str = r#"
set -e
EC="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
root() {
    openssl req -x509 $EC -keyout $1.key -out $1.crt -days 3650 -subj "/CN=$1" -addext keyUsage=critical,keyCertSign,cRLSign
}
# issue NAME CA SUBJECT EXTENSIONS
issue() {
    openssl req -new $EC -keyout $1.key -out $1.csr -subj "$3"
    printf "$4" > $1.ext
    openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -CAcreateserial -out $1.crt -days 365 -extfile $1.ext
    cat $1.crt $2.crt > $1-full.crt
}
SERVER='subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n'
CLIENT='subjectAltName=URI:spiffe://acme/web\nextendedKeyUsage=clientAuth\n'
CA='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n'

root ca
root other
issue server ca /CN=localhost "$SERVER"
issue client ca /CN=web "$CLIENT"
issue stranger other /CN=web "$CLIENT"
issue inter ca /CN=inter 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n'
issue below inter /CN=web "$CLIENT"
issue server-below inter /CN=localhost "$SERVER"
issue purpose ca /CN=web 'subjectAltName=DNS:web\nextendedKeyUsage=serverAuth\n'
issue server-purpose ca /CN=localhost 'subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth\n'
issue server-name ca /CN=other 'subjectAltName=DNS:other.example\nextendedKeyUsage=serverAuth\n'
issue server-noname ca /CN=localhost 'extendedKeyUsage=serverAuth\n'
issue server-noip ca /CN=localhost 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n'
issue critical ca /CN=web "${CLIENT}1.2.3.4=critical,DER:0500\n"
issue server-critical ca /CN=localhost "${SERVER}1.2.3.4=critical,DER:0500\n"
issue noca ca /CN=noca 'basicConstraints=CA:FALSE\n'
issue notaca noca /CN=web "$CLIENT"
issue sub inter /CN=sub "$CA"
issue path sub /CN=web "$CLIENT"
cat path.crt sub.crt inter.crt > path-full.crt
issue limited ca /CN=limited "${CA}nameConstraints=critical,permitted;DNS:acme.example\n"
issue outside limited /CN=web 'subjectAltName=DNS:evil.example\nextendedKeyUsage=clientAuth\n'
mkdir -p again
openssl req -x509 $EC -keyout again/ca.key -out again/ca.crt -days 3650 -subj "/CN=ca"
issue signature again/ca /CN=web "$CLIENT"
issue server-signature again/ca /CN=localhost "$SERVER"
openssl req -x509 $EC -keyout selfsigned.key -out selfsigned.crt -days 300 -subj "/CN=localhost" -addext subjectAltName=DNS:localhost
openssl req -new -newkey rsa:1024 -nodes -keyout weak.key -out weak.csr -subj /CN=web
openssl x509 -req -in weak.csr -CA ca.crt -CAkey ca.key -out weak.crt -days 300 -extfile client.ext

# Times that have passed, and lists.
mkdir -p db
: > db/index.txt
echo unique_subject=no > db/index.txt.attr
echo 1000 > db/serial
echo 01 > db/crlnumber
cat > ca.cnf <<END
[ca]
default_ca=d
[d]
database=db/index.txt
serial=db/serial
crlnumber=db/crlnumber
new_certs_dir=db
certificate=ca.crt
private_key=ca.key
default_md=sha256
default_crl_days=30
policy=p
[p]
commonName=supplied
END
# dated NAME SUBJECT EXTENSIONS FROM TO
dated() {
    openssl req -new $EC -keyout $1.key -out $1.csr -subj "$2"
    printf "$3" > $1.ext
    openssl ca -batch -config ca.cnf -in $1.csr -out $1.crt -notext -startdate $4 -enddate $5 -extfile $1.ext
}
dated expired /CN=web "$CLIENT" 20200101000000Z 20210101000000Z
dated server-expired /CN=localhost "$SERVER" 20200101000000Z 20210101000000Z
dated notyet /CN=web "$CLIENT" 20470101000000Z 20480101000000Z
dated server-notyet /CN=localhost "$SERVER" 20470101000000Z 20480101000000Z
openssl ca -config ca.cnf -gencrl -out empty.crl
openssl ca -config ca.cnf -gencrl -crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z -out old.crl
openssl ca -config ca.cnf -revoke client.crt
openssl ca -config ca.cnf -gencrl -out revoked.crl

# Other forms.
openssl pkcs8 -topk8 -in client.key -passout pass:secret -out encrypted.key
openssl pkcs12 -export -in client.crt -inkey client.key -name web -passout pass:secret -out client.p12
openssl pkcs12 -export -in server.crt -inkey server.key -name server -passout pass:secret -out server.p12
openssl pkcs12 -export -in stranger.crt -inkey stranger.key -name web -passout pass:secret -out stranger.p12
openssl pkcs12 -export -legacy -in client.crt -inkey client.key -passout pass:secret -out legacy.p12
openssl pkcs12 -export -nokeys -in client.crt -passout pass:secret -out nokey.p12
openssl x509 -in client.crt -outform der -out der.crt
cat inter.crt below.crt > order.crt
: > empty.pem
"#;

/// A folder with all of them.
pub(crate) fn cast() -> Place {
    let place = Place::new();
    place.write("make", MAKE);
    place
        .shell("sh make > make.log 2>&1 || { cat make.log; exit 1; }")
        .good();
    place
}
