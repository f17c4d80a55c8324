# The broker, and the daemon that it looks up other nodes with; both end with this.
mkdir -p "rabbitmq-@PORT@"
echo '[rabbitmq_auth_mechanism_ssl].' > "rabbitmq-@PORT@/plugins"
export HOME="$PWD/rabbitmq-@PORT@" PATH="/usr/lib/rabbitmq/bin:/usr/bin:/bin"
export ERL_EPMD_PORT=@SPARE@ ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_DIST_PORT=@OTHER@
export RABBITMQ_NODENAME="lab@PORT@@localhost" RABBITMQ_CONFIG_FILE="$PWD/rabbitmq-@PORT@.conf"
export RABBITMQ_ENABLED_PLUGINS_FILE="$HOME/plugins" RABBITMQ_MNESIA_BASE="$HOME/mnesia" RABBITMQ_LOG_BASE="$HOME/log"
epmd &
exec rabbitmq-server
