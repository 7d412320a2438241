// Perch is a terminal console for progressive canary releases.
package main

import (
	"context"
	"os"

	"perch/cli"
)

func main() {
	streams := cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	os.Exit(cli.Main(context.Background(), os.Args[1:], streams))
}
