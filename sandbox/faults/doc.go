// Package faults breaks what passes through it, on purpose: a Proxy stands in front of one server of
// a sandbox, and a Table of rules, shared by all proxies, says which requests come to grief, and how.
// Without rules a proxy passes everything on as it is: watches, uploads and upgraded connections too.
//
// A proxy never logs anybody in: it passes the credentials of a request on, so that the server
// behind it sees the same user. It speaks HTTP/1.1 alone, in which a broken request breaks no other.
package faults
