// Perch-sandbox runs a real cluster on loopback, in one process, for demos and tests of Perch.
package main

import (
	"os"
)

func main() {
	os.Exit(run(os.Args[1:]))
}
