package app

import (
	"errors"
	"testing"

	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/tel"
)

// A file that is no profile must not take away what a line has learned.
func TestAProfileThatSaysNothingIsNotImported(t *testing.T) {
	err := technician{}.ImportProfile(t.Context(), "L1", "{}")
	r, ok := errors.AsType[*exchange.Refusal](err)
	if !ok || r.In(tel.English) == r.In(tel.Spanish) {
		t.Errorf("%v", err)
	}
}
