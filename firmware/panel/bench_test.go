package panel

import (
	"testing"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view/viewtest"
)

// BenchmarkRender is what the front costs for each picture.
func BenchmarkRender(b *testing.B) {
	s := viewtest.Alarmed()
	b.ReportAllocs()
	for b.Loop() {
		if f := Render(s, s.At, Page{}, tel.Spanish); len(f.Lamps) != 8 {
			b.Fatal(f)
		}
	}
}
