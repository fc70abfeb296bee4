//go:build !linux

package app

import "syscall"

// freely does nothing: only Linux binds to an address that it does not have.
func freely(string, string, syscall.RawConn) error { return nil }
