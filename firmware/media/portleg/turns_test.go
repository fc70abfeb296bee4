package portleg_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/hal/port/porttest"
)

// clogged is a port whose driver does not come back from a read once it is shut.
type clogged struct {
	*porttest.Fake
	gate chan struct{} // a value lets one read pass; closed, all
}

func (c *clogged) Audio() port.Audio { return c }

func (c *clogged) Read(f *pcm.Frame) error {
	<-c.gate
	return c.Fake.Audio().Read(f)
}

func (c *clogged) Write(f *pcm.Frame) error { return c.Fake.Audio().Write(f) }

// A pump that rests turns when it is looked at; one that its driver holds up does
// not; one whose port is closed has ended.
func TestTurnsShowAPumpThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clogged{porttest.NewFake(port.Info{Name: "fxs1", Kind: port.FXS}), make(chan struct{})}
		p, err := portleg.New(portleg.Config{Port: c})
		if err != nil {
			t.Fatal(err)
		}
		start(t, p)
		var last uint64
		look := func() (moved, ended bool) {
			_, _ = p.Turns() // wakes it
			<-time.After(time.Second)
			synctest.Wait()
			n, ended := p.Turns()
			moved, last = n != last, n
			return moved, ended
		}
		for range 3 {
			if moved, ended := look(); !moved || ended {
				t.Errorf("it rests: moved %t, ended %t", moved, ended)
			}
		}
		p.Leg()
		synctest.Wait()
		look()
		if moved, ended := look(); moved || ended {
			t.Errorf("its driver hangs: moved %t, ended %t", moved, ended)
		}
		close(c.gate)
		if moved, _ := look(); !moved {
			t.Error("the driver is back and it does not move")
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		look()
		if _, ended := look(); !ended {
			t.Error("the port is closed and the pump has not ended")
		}
	})
}
