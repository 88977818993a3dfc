// Release makes what a release has beside the programs: the licenses of what is
// linked into them, and a bill of materials of each.
//
//	go run ./cmd/release licenses DIR             collect the texts, for all platforms
//	go run ./cmd/release sbom PROGRAM DOCUMENT    write what is in a program, as SPDX
//
// Both fail where something is linked whose license is not known to go with
// Apache-2.0. They read the module cache and the network is not needed.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "licenses":
		return collect(args[1])
	case len(args) == 3 && args[0] == "sbom":
		return writeSBOM(args[1], args[2])
	}
	return fmt.Errorf("want: licenses DIR, or: sbom PROGRAM DOCUMENT")
}
