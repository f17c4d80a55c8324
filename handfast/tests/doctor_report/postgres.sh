# postgres.sh PORT: a server that demands a certificate whose common name is the user's.
set -e
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
as=
if [ "$(id -u)" = 0 ]; then
    # It refuses to run as root, so as the user of its package.
    as="setpriv --reuid=postgres --regid=postgres --clear-groups --"
fi
mkdir -m 700 data
[ -z "$as" ] || chown postgres:postgres data
$as "$bin/initdb" -D data -U postgres -A trust -N --no-instructions
cp server/tls.crt data/server.crt
cp server/tls.key data/server.key
cp server/ca.crt data/ca.crt
chmod 600 data/server.key
echo 'hostssl all all 127.0.0.1/32 cert' >data/pg_hba.conf
cat >data/postgresql.conf <<END
listen_addresses = '127.0.0.1'
port = $1
unix_socket_directories = ''
fsync = off
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
ssl_ca_file = 'ca.crt'
END
[ -z "$as" ] || chown postgres:postgres data/*
exec $as "$bin/postgres" -D data
