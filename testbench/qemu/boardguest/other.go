//go:build !linux || !rig

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "boardguest is the first process of a machine, built with -tags rig; see make rig-board")
	os.Exit(2)
}
