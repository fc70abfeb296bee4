//go:build !linux

package app

import (
	"fmt"
	"io"

	"github.com/centralita/centralita/firmware/console"
)

// keeperCmd is of Linux.
type keeperCmd struct{}

func (*keeperCmd) run(stderr io.Writer) int {
	fmt.Fprintln(stderr, "centralita keeper: a keeper is of Linux")
	return console.NotFine
}

// leaseScript is of Linux.
func leaseScript([]string, io.Writer) (code int, isOne bool) { return 0, false }
