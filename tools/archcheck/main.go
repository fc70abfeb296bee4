// Command archcheck holds the house's plan against the code: who may import whom
// (the table of design/house.md as data), package comments, unique package names,
// file sizes and a few calls that have no place here. It parses the files itself,
// because asking the go command lets a cached answer pass over a forbidden import.
//
//	go run ./tools/archcheck [folder]   prints every problem as FILE:LINE: what, and exits 1 on any
package main

import (
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run checks one tree; the exit code is 0 without problems, 1 with, 2 when the
// tree cannot be read.
func run(args []string, out, errs io.Writer) int {
	root := "."
	if len(args) > 0 {
		root = args[0]
	}
	problems, err := Check(os.DirFS(root))
	if err != nil {
		fmt.Fprintf(errs, "archcheck: cannot check %s: %v\n", root, err)
		return 2
	}
	for _, p := range problems {
		fmt.Fprintln(out, p)
	}
	if len(problems) > 0 {
		fmt.Fprintf(errs, "archcheck: %d problems; the table is in tools/archcheck/table.go\n", len(problems))
		return 1
	}
	return 0
}
