//go:build !linux

package provision

import "testing"

func mount(*testing.T, string, int)     {}
func readOnly(*testing.T, string, bool) {}
