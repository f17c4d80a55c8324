exec etcd --name lab --data-dir "etcd-@PORT@" --listen-peer-urls http://127.0.0.1:@SPARE@ \
    --initial-advertise-peer-urls http://127.0.0.1:@SPARE@ --initial-cluster lab=http://127.0.0.1:@SPARE@ \
    --listen-client-urls https://127.0.0.1:@PORT@ --advertise-client-urls https://127.0.0.1:@PORT@ \
    --cert-file @PAIR@/tls.crt --key-file @PAIR@/tls.key --trusted-ca-file @CA@ --client-cert-auth @MORE@
