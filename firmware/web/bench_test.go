package web

import (
	"encoding/json"
	"testing"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view/viewtest"
)

// BenchmarkWall is what one page costs for each picture it gets.
func BenchmarkWall(b *testing.B) {
	s := viewtest.Alarmed()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(NewWall(s, s.At, s.At.Location(), tel.Spanish)); err != nil {
			b.Fatal(err)
		}
	}
}
