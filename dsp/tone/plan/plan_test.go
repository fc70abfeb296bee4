package plan

import (
	"math"
	"slices"
	"testing"

	"github.com/centralita/centralita/dsp/tone"
)

func TestEveryCountryIsWhole(t *testing.T) {
	want := []string{"ES", "MX", "CL", "AR", "CO", "PE", "US", "GB", "DE", "FR", "BR", "IT", "PT"}
	if got := Countries(); !slices.Equal(got, want) {
		t.Fatalf("countries are %v", got)
	}
	for _, c := range want {
		p, ok := For(c)
		if !ok || p.Country != c {
			t.Fatalf("%s: not found", c)
		}
		for k := range NumKinds {
			s := p.Signal(k)
			if !s.Known() {
				if k == Disconnect || k == Unobtainable && c != "GB" {
					continue // Unsure tells why
				}
				t.Errorf("%s has no %v", c, k)
			}
			checkSignal(t, c, k, s)
		}
		for _, o := range p.Others {
			checkSignal(t, c, o.Kind, o.Signal)
		}
		if len(p.Ring) < 2 || len(p.Ring)%2 != 0 {
			t.Errorf("%s rings %v", c, p.Ring)
		}
	}
}

// A signal fits 16 bits, lies in the band of a telephone and can be played.
func checkSignal(t *testing.T, country string, k Kind, s Signal) {
	t.Helper()
	peak := 0.0
	for _, hz := range s.Hz {
		if hz < 300 || hz > 3400 {
			t.Errorf("%s %v: %v Hz", country, k, hz)
		}
		peak += 22827 * math.Pow(10, s.DBm0/20)
	}
	if peak > 32767 {
		t.Errorf("%s %v: peak %.0f is clipped", country, k, peak)
	}
	if len(s.OnOff)%2 != 0 || len(s.Hz) > tone.MaxPartials {
		t.Errorf("%s %v: %v", country, k, s)
	}
	if slices.Min(append(s.OnOff, 1)) < 1 {
		t.Errorf("%s %v: cadence %v", country, k, s.OnOff)
	}
}

func TestSpain(t *testing.T) {
	p, _ := For("ES")
	busy := p.Signal(Busy).Spec()
	if n, ok := busy.Samples(); !ok || n != tone.Ms(400) || busy.Segments[0].Partials[0].Hz != 425 {
		t.Errorf("busy is %+v", busy)
	}
	if _, ok := p.Signal(Dial).Spec().Samples(); ok {
		t.Error("dial tone ends")
	}
	if p.Signal(Confirm).Spec().Repeat != tone.Once {
		t.Error("the confirmation is repeated")
	}
}

func TestForeignNames(t *testing.T) {
	if p, ok := For("UK"); !ok || p.Country != "GB" {
		t.Error("UK is not taken for GB")
	}
	for _, c := range []string{"", "es", "XX"} {
		if p, ok := For(c); ok || p.Signal(Dial).Known() {
			t.Errorf("%q has a plan", c)
		}
	}
	if s := (Plan{}).Signal(NumKinds); s.Known() {
		t.Error("a signal beyond the last")
	}
}

// What two sources say differently, or none says, is told in the data.
func TestDoubtIsTold(t *testing.T) {
	for _, c := range []string{"MX", "AR", "CO", "PE", "FR", "IT", "PT"} {
		if p, _ := For(c); len(p.Unsure) < 2 {
			t.Errorf("%s tells no doubt: %q", c, p.Unsure)
		}
	}
}

// Nobody can change the tables of others.
func TestPlansAreOwn(t *testing.T) {
	p, _ := For("ES")
	p.Signals[Dial].Hz[0] = 1
	if q, _ := For("ES"); q.Signals[Dial].Hz[0] != 425 {
		t.Error("a change reached the tables")
	}
}
