package metricsq

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"

	"perch/experiment"
)

// TLS says how Prometheus proves who it is, and how Perch does. Files are read anew when they have
// changed.
type TLS struct {
	CAFile   string // whose signatures are trusted besides those that the machine trusts
	CertFile string // of the client, with KeyFile
	KeyFile  string

	// InsecureSkipVerify trusts anybody who answers. See Client.Warnings.
	InsecureSkipVerify bool
}

func (t TLS) isZero() bool { return t == TLS{} }

// A tlsTransport carries requests with the certificates that are in files now.
type tlsTransport struct {
	options TLS

	mu      sync.Mutex // guards what follows
	files   [3][]byte  // as they were when current was made
	current *http.Transport
}

// newTLSTransport makes a transport, and says at once what is wrong with the files.
func newTLSTransport(options TLS) (*tlsTransport, error) {
	if (options.CertFile == "") != (options.KeyFile == "") {
		return nil, experiment.WithHint(errors.New("a client certificate for Prometheus is given without its key, or the other way round"), "give both files")
	}
	t := &tlsTransport{options: options}
	_, err := t.transport()
	return t, err
}

// RoundTrip sends one request.
func (t *tlsTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	current, err := t.transport()
	if err != nil {
		return nil, err
	}
	return current.RoundTrip(r)
}

// transport is the one for the files as they are now.
func (t *tlsTransport) transport() (*http.Transport, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	files, err := t.read()
	if err != nil {
		return nil, err
	}
	if t.current != nil && equal(t.files, files) {
		return t.current, nil
	}
	config, err := t.config(files)
	if err != nil {
		return nil, err
	}
	if t.current != nil {
		t.current.CloseIdleConnections()
	}
	t.current = plainTransport()
	t.current.TLSClientConfig = config
	t.files = files
	return t.current, nil
}

func (t *tlsTransport) read() (files [3][]byte, err error) {
	for i, name := range []string{t.options.CAFile, t.options.CertFile, t.options.KeyFile} {
		if name == "" {
			continue
		}
		if files[i], err = os.ReadFile(name); err != nil {
			return files, experiment.WithHint(fmt.Errorf("certificates for Prometheus: %w", err), "name files that can be read")
		}
	}
	return files, nil
}

func equal(a, b [3][]byte) bool {
	return bytes.Equal(a[0], b[0]) && bytes.Equal(a[1], b[1]) && bytes.Equal(a[2], b[2])
}

// config is made of the CA, the certificate and the key. Its errors repeat nothing of the files.
func (t *tlsTransport) config(files [3][]byte) (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: t.options.InsecureSkipVerify, // as the user wants it: Warnings says so
	}
	if t.options.CAFile != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(files[0]) {
			return nil, experiment.WithHint(fmt.Errorf("no certificate is in %s", t.options.CAFile), "name a PEM file")
		}
		config.RootCAs = pool
	}
	if t.options.CertFile != "" {
		pair, err := tls.X509KeyPair(files[1], files[2])
		if err != nil {
			return nil, experiment.WithHint(fmt.Errorf("%s and %s are no certificate and its key", t.options.CertFile, t.options.KeyFile), "name two PEM files")
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
