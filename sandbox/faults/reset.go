package faults

import (
	"crypto/tls"
	"net"
	"net/http"
)

// reset breaks a client's connection off as a crash of the server's machine does: with a TCP reset
// and without the end of the TLS session.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the server closes the connection then
	}
	plain := connection
	if encrypted, isTLS := connection.(*tls.Conn); isTLS {
		plain = encrypted.NetConn()
	}
	if socket, isTCP := plain.(*net.TCPConn); isTCP {
		_ = socket.SetLinger(0) // closing sends a reset then
	}
	_ = plain.Close()
}
