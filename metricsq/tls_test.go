package metricsq

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certify makes a certificate for 127.0.0.1 that signs itself, and its key, as PEM.
func certify(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "prometheus"},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})
}

// secure starts a backend with a certificate; clients, when there is one, is whose clients it lets in.
func secure(t *testing.T, cert, key, clients []byte) string {
	t.Helper()
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(answering(200, one("1")))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	if clients != nil {
		server.TLS.ClientAuth, server.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		server.TLS.ClientCAs.AppendCertsFromPEM(clients)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

func store(t *testing.T, file string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key := certify(t)
	client, clientKey := certify(t)
	dir := t.TempDir()
	ca := store(t, filepath.Join(dir, "ca"), cert)
	certFile, keyFile := store(t, filepath.Join(dir, "cert"), client), store(t, filepath.Join(dir, "key"), clientKey)
	open, closed := secure(t, cert, key, nil), secure(t, cert, key, client)
	for _, row := range []struct {
		name, url string
		tls       TLS
		want      string // "": it answers
		hint      string
	}{
		{"its CA", open, TLS{CAFile: ca}, "", ""},
		{"no CA", open, TLS{}, "certificate", "signed by nobody whom this machine trusts"},
		{"another CA", open, TLS{CAFile: certFile}, "certificate", "signed by nobody whom this machine trusts"},
		{"unverified", open, TLS{InsecureSkipVerify: true}, "", ""},
		{"client certificate", closed, TLS{CAFile: ca, CertFile: certFile, KeyFile: keyFile}, "", ""},
		{"client without certificate", closed, TLS{CAFile: ca}, "certificate required", "wants a certificate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, err := Open(Options{URL: row.url, TLS: row.tls, Backoff: -1})
			if err != nil {
				t.Fatal(err)
			}
			if row.want != "" {
				expectPing(t, c, row.want, row.hint)
			} else if err := c.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCAFileIsReadAnew(t *testing.T) {
	t.Parallel()
	first, firstKey := certify(t)
	second, secondKey := certify(t)
	ca := store(t, filepath.Join(t.TempDir(), "ca"), first)
	c, err := Open(Options{URL: secure(t, first, firstKey, nil), TLS: TLS{CAFile: ca}, Backoff: -1})
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := Open(Options{URL: secure(t, second, secondKey, nil), TLS: TLS{CAFile: ca}, Backoff: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	expectPing(t, renewed, "certificate", "signed by nobody")
	store(t, ca, second)
	if err := renewed.Ping(t.Context()); err != nil {
		t.Errorf("with the renewed CA: %v", err)
	}
	store(t, ca, []byte("none"))
	expectPing(t, renewed, "no certificate is in "+ca, "")
}

func TestOpenRefusesCertificates(t *testing.T) {
	t.Parallel()
	cert, key := certify(t)
	dir := t.TempDir()
	certFile, keyFile := store(t, filepath.Join(dir, "cert"), cert), store(t, filepath.Join(dir, "key"), key)
	for _, row := range []struct {
		name string
		tls  TLS
		want string
	}{
		{"no file", TLS{CAFile: filepath.Join(dir, "none")}, "certificates for Prometheus: open"},
		{"no PEM", TLS{CAFile: store(t, filepath.Join(dir, "text"), []byte("text"))}, "no certificate is in"},
		{"no key", TLS{CertFile: certFile}, "without its key"},
		{"no certificate", TLS{KeyFile: keyFile}, "without its key"},
		{"no pair", TLS{CertFile: keyFile, KeyFile: certFile}, "are no certificate and its key"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(Options{URL: "https://prometheus", TLS: row.tls})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("want %q, got %v", row.want, err)
			}
		})
	}
}
