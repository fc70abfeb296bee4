package trace

import (
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

func TestRingKeepsTheNewest(t *testing.T) {
	r := New(3)
	for i := range 5 {
		r.Add(Entry{At: time.Date(2026, 11, 21, 10, 0, i, 0, time.UTC), Who: "acd", What: tel.LegID(i), Out: i%2 == 1})
	}
	var b strings.Builder
	if _, err := r.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	want := "10:00:02.000 acd          <- 2\n10:00:03.000 acd            -> 3\n10:00:04.000 acd          <- 4\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	var none Ring
	none.Add(Entry{})
	if len(none.Entries()) != 0 {
		t.Error("the zero ring keeps something")
	}
}
