package porttest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/hal/port"
)

func testBursts(t *testing.T, p port.Port, _ Wire) {
	if p.Info().Kind != port.FXS || !p.Info().Caps.Bursts {
		return
	}
	if err := p.Command(port.Ring{Cadence: port.CadenceOf([]int{400, 600})}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond)
	if err := p.Command(port.StopRing{}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	synctest.Wait()
	for i := range 4 {
		want := port.Event(port.RingOn{})
		if i%2 == 1 {
			want = port.RingOff{}
		}
		select {
		case e := <-p.Events():
			if e != want {
				t.Errorf("event %d of two bursts is %q, not %q", i, e, want)
			}
		default:
			t.Fatalf("of two bursts %d events came", i)
		}
	}
}

// testInstruments holds the optional interfaces against the capabilities.
func testInstruments(t *testing.T, p port.Port, w Wire) {
	tuner, ok := p.(port.Tuner)
	switch {
	case !p.Info().Caps.Impedance:
	case !ok:
		t.Error("the impedance can be tuned, but nobody can ask for the choices")
	case len(tuner.Impedances()) == 0:
		t.Error("no impedance can be chosen")
	default:
		for _, name := range tuner.Impedances() {
			if err := p.Command(port.Tune{Impedance: name}); err != nil {
				t.Errorf("impedance %q is offered: %v", name, err)
			}
		}
	}
	if m, ok := p.(port.Meter); ok {
		if _, err := m.Measure(); err != nil {
			t.Errorf("on hook: %v", err)
		}
		closeLoop(t, p, w)
		if _, err := m.Measure(); err != nil {
			t.Errorf("loop closed: %v", err)
		}
	}
}
