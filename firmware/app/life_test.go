package app

import (
	"context"
	"testing"
)

// A version that is given up before it was used leaves nobody waiting for an idle
// house: it would take no calls once it is idle, for nothing.
func TestNobodyWaitsAnyMore(t *testing.T) {
	h := &House{}
	version, cancel := context.WithCancel(t.Context())
	h.awaiting.replace(cancel)
	backup, cancel := context.WithCancel(t.Context())
	h.restores.replace(cancel)
	h.Await(0)
	if version.Err() == nil {
		t.Error("the house still waits for a version that was given up")
	}
	if backup.Err() != nil {
		t.Error("the backup does not wait any more")
	}
	h.leaveLife()
	if backup.Err() == nil {
		t.Error("a house that ends still waits to restore")
	}
}
