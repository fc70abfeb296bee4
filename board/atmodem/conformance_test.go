package atmodem_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/atmodem"
	"github.com/centralita/centralita/board/atmodem/at"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/hal/port/porttest"
	"github.com/centralita/centralita/testbench/voicemodem"
)

// wire is the far side of the port for the conformance suite.
type wire struct {
	*voicemodem.Wire
	modem *voicemodem.Modem
}

// Do implements porttest.Wire. A modem does not tell the end of a burst: it passes.
func (w wire) Do(e port.Event) {
	switch e := e.(type) {
	case port.RingOn:
		w.modem.Ring()
	case port.RingOff:
		<-time.After(at.RingBurst + time.Millisecond)
	case port.CallerID:
		w.modem.CallerID(e.Number, e.Name, e.Absence)
	}
}

// Say implements porttest.Wire.
func (w wire) Say(f *pcm.Frame) { w.Put(f) }

// plugIn opens a port at a modem in a bubble and closes it at the end.
func plugIn(t *testing.T, p voicemodem.Personality, cfg atmodem.Config, line voicemodem.Line) (*atmodem.Port, *voicemodem.Modem, atmodem.Report) {
	t.Helper()
	m := voicemodem.New(p, line)
	cfg.Name, cfg.Device, cfg.Dial = "fxo1", "/dev/ttyACM0", m.Dial
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	port, r := atmodem.Open(context.Background(), cfg)
	if port != nil {
		t.Cleanup(func() {
			if err := port.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			synctest.Wait()
		})
	}
	return port, m, r
}

func TestConformance(t *testing.T) {
	older := voicemodem.Full()
	older.HidesVTR, older.NoVTS = true, false
	for name, c := range map[string]struct {
		p   voicemodem.Personality
		cfg atmodem.Config
	}{
		"full duplex":                {voicemodem.Full(), atmodem.Config{}},
		"half duplex":                {voicemodem.Half(), atmodem.Config{}},
		"full duplex, half chosen":   {voicemodem.Full(), atmodem.Config{Duplex: at.Half}},
		"full duplex, never told of": {older, atmodem.Config{Duplex: at.Full}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.p.NoVTS { // the suite wants the flash itself; flashes by hand have their own test
				c.p.NoVTS = false
			}
			porttest.TestPort(t, func(t *testing.T) (port.Port, porttest.Wire) {
				line := new(voicemodem.Wire)
				p, m, r := plugIn(t, c.p, c.cfg, line)
				if r.Outcome != atmodem.Loaded {
					t.Fatalf("%s; %s", r, m)
				}
				line.Commanded()
				return p, wire{line, m}
			})
		})
	}
}
