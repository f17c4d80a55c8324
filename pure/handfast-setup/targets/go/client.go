// Asks over mutual TLS, with Go's own library. Run it with: go run client.go [URL ...]
package main

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
{% if crl %}
	"encoding/pem"
{% endif %}
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	servers := x509.NewCertPool()
	text, err := os.ReadFile({{ ca }})
	if err != nil || !servers.AppendCertsFromPEM(text) {
		log.Fatal("no CA can be read: ", err)
	}
	own, err := tls.LoadX509KeyPair({{ cert }}, {{ key }})
	if err != nil {
		log.Fatal(err)
	}
	client := http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{
			MinVersion:       tls.VersionTLS12,
			Certificates:     []tls.Certificate{own},
			RootCAs:          servers,
			VerifyConnection: verify,
		}},
	}
	urls := os.Args[1:]
	if len(urls) == 0 {
		urls = []string{ {{ "https://" ~ to ~ "/" }} }
	}
	for _, url := range urls {
		response, err := client.Get(url)
		if err != nil {
			fmt.Printf("%s: %s\n", url, strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			fmt.Printf("%s: ok\n", url)
		} else {
			fmt.Printf("%s: %s\n", url, response.Status)
		}
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
