//go:build !linux || !(amd64 || arm64)

package confine

import "errors"

var errNotHere = errors.New("cannot confine the program: it knows how on Linux, arm64 and amd64")

// Enter binds the files to the plan and becomes the program again; not here.
func Enter(Plan, []string, []string) error { return errNotHere }

// Seal leaves the program the system calls of its work; not here.
func Seal() error { return errNotHere }

// Doors tries the doors that are to be shut; nothing shuts them here.
func Doors() []Door { return nil }

// Version is that of the kernel's Landlock.
func Version() (int, error) { return 0, errNotHere }
