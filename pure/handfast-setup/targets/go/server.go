// An HTTPS server that asks every client for a certificate, with Go's own library.
package main

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
{% if crl %}
	"encoding/pem"
{% endif %}
	"fmt"
	"log"
	"net/http"
	"os"
	"sync"
	"time"
)

const cert, key = {{ cert }}, {{ key }}

var (
	lock    sync.RWMutex
	current tls.Certificate
)

func main() {
	clients := x509.NewCertPool()
	text, err := os.ReadFile({{ ca }})
	if err != nil || !clients.AppendCertsFromPEM(text) {
		log.Fatal("no CA can be read: ", err)
	}
	if current, err = tls.LoadX509KeyPair(cert, key); err != nil {
		log.Fatal(err)
	}
	go renew()
	server := http.Server{
		Addr:              {{ listen }},
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
			fmt.Fprintf(answer, "hello, %s\n", request.TLS.PeerCertificates[0].Subject.CommonName)
		}),
		TLSConfig: &tls.Config{
			MinVersion:       tls.VersionTLS12,
			ClientAuth:       tls.RequireAndVerifyClientCert,
			ClientCAs:        clients,
			VerifyConnection: verify,
			// A resumed session would outlive the trust that it began with.
			SessionTicketsDisabled: true,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				lock.RLock()
				defer lock.RUnlock()
				own := current
				return &own, nil
			},
		},
	}
	log.Fatal(server.ListenAndServeTLS("", ""))
}

// Reads the files again when they change; the old certificate stays while the new one is not good.
func renew() {
	seen, _ := os.Stat(key)
	for range time.Tick(time.Second) {
		now, err := os.Stat(key)
		if err != nil || seen != nil && now.ModTime().Equal(seen.ModTime()) {
			continue
		}
		fresh, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			log.Print("the renewed certificate is not good, the old one stays: ", err)
			continue
		}
		lock.Lock()
		current, seen = fresh, now
		lock.Unlock()
	}
}

// Go itself looks up no revocation list and takes RSA keys from 1024 bits on.
func verify(state tls.ConnectionState) error {
	chain := state.VerifiedChains[0]
	for _, certificate := range chain {
		if key, isRSA := certificate.PublicKey.(*rsa.PublicKey); isRSA && key.N.BitLen() < 2048 {
			return fmt.Errorf("%q has an RSA key of %d bits", certificate.Subject, key.N.BitLen())
		}
	}
{% if crl %}
	text, err := os.ReadFile({{ crl }})
	if err != nil {
		return err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return err
		}
		if list.CheckSignatureFrom(chain[1]) != nil {
			continue
		}
		if list.NextUpdate.Before(time.Now()) {
			return fmt.Errorf("the revocation list of %q has expired", chain[1].Subject)
		}
		for _, revoked := range list.RevokedCertificates {
			if revoked.SerialNumber.Cmp(chain[0].SerialNumber) == 0 {
				return fmt.Errorf("%q was revoked", chain[0].Subject)
			}
		}
		return nil
	}
	return fmt.Errorf("there is no revocation list of %q", chain[1].Subject)
{% else %}
	return nil
{% endif %}
}
