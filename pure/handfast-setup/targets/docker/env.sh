# Mutual TLS for the docker command: . ./env.sh, then docker as ever.
export DOCKER_HOST={{ "tcp://" ~ to }}
export DOCKER_TLS_VERIFY=1
export DOCKER_CERT_PATH={{ out ~ "/certs" }}
# Links and no copies, so that a renewal reaches them.
mkdir -p "$DOCKER_CERT_PATH"
ln -sf {{ ca }} "$DOCKER_CERT_PATH/ca.pem"
ln -sf {{ cert }} "$DOCKER_CERT_PATH/cert.pem"
ln -sf {{ key }} "$DOCKER_CERT_PATH/key.pem"
