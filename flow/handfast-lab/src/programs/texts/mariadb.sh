# The server with a database of its own.
set -e
data="$PWD/mariadb-@PORT@"
mariadb-install-db --no-defaults --datadir="$data" --user="$(id -un)" --auth-root-authentication-method=normal \
    --skip-test-db --skip-name-resolve
cat > users.sql <<END
CREATE USER 'client'@'%' REQUIRE X509;
@INSIDE@
END
exec mariadbd --no-defaults --user="$(id -un)" --datadir="$data" --socket="$data/socket" --bind-address=127.0.0.1 \
    --port=@PORT@ --skip-name-resolve --skip-log-bin --innodb-flush-method=nosync --init-file="$PWD/users.sql" @MORE@
