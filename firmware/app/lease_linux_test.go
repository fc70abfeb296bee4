package app

import (
	"os"
	"testing"

	"github.com/centralita/centralita/firmware/keeper/chores"
)

// TestMain: udhcpc's script is this very program; as that it must not run the tests,
// which would start another udhcpc.
func TestMain(m *testing.M) {
	if is, err := chores.LeaseScript(os.Args[1:], os.Getenv, os.Stdout); is {
		if err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
