package atmodem_test

import (
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/atmodem"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/testbench/voicemodem"
)

// A modem that goes silent in any way is reset, told as lost and found, and works.
func TestSilentModem(t *testing.T) {
	for name, c := range map[string]struct {
		fault  func(m *voicemodem.Modem, on bool)
		within time.Duration
		seize  bool
		lost   string
	}{
		"deaf on hook":     {(*voicemodem.Modem).Deaf, 40 * time.Second, false, "lost: it does not answer AT"},
		"deaf at seizure":  {(*voicemodem.Modem).Deaf, 4 * time.Second, true, "lost: it does not answer AT+VLS=1"},
		"stream runs dry":  {(*voicemodem.Modem).Numb, 3 * time.Second, true, "lost: it sent no sound for 2s, found"},
		"unplugged":        {unplug, time.Second, false, "lost: the device is gone: it was unplugged or lost its supply"},
		"unplugged seized": {unplug, time.Second, true, "lost: the device is gone: it was unplugged or lost its supply"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := new(voicemodem.Exchange)
				p, m, r := plugIn(t, voicemodem.Full(), atmodem.Config{}, x)
				if p == nil {
					t.Fatal(r)
				}
				x.Attach(m)
				u := &pump{t: t, p: p}
				early := strings.Contains(name, "at seizure")
				if c.seize && !early {
					command(t, p, port.Seize{})
					u.run(time.Second)
				}
				c.fault(m, true)
				if early {
					command(t, p, port.Seize{})
				}
				u.run(c.within)
				if got := events(p); got != c.lost {
					t.Fatalf("it says %q", got)
				}
				command(t, p, port.Release{})               // the call is over
				found := strings.HasSuffix(c.lost, "found") // a reset cures it
				if err := p.Command(port.Seize{}); !found && (err == nil || !strings.Contains(err.Error(), "cannot seize: the modem of fxo1 is lost")) {
					t.Errorf("seized while lost: %v", err)
				}
				if !found {
					u.run(time.Minute)
					if got := events(p); got != "" {
						t.Errorf("it says %q", got)
					}
				}
				c.fault(m, false)
				u.run(30 * time.Second)
				if got := events(p); !found && got != "found" {
					t.Fatalf("it came back: %q; %s; %s", got, p.Describe(), m)
				}
				command(t, p, port.Seize{})
				u.run(2 * time.Second)
				if q := u.purity(voicemodem.ToneHz, pcm.Rate/2); q < 0.99 {
					t.Errorf("dial tone has purity %.4f; %s; %s", q, p.Describe(), m)
				}
			})
		})
	}
}

func unplug(m *voicemodem.Modem, on bool) {
	if on {
		m.Unplug()
	} else {
		m.Plug()
	}
}

// Garbage at the speed of the line neither crashes nor blocks, and the modem is found.
func TestGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := new(voicemodem.Exchange)
		p, m, _ := plugIn(t, voicemodem.Full(), atmodem.Config{}, x)
		x.Attach(m)
		r := rand.New(rand.NewPCG(7, 7))
		u := &pump{t: t, p: p}
		for i := range 200 {
			if i%20 == 10 {
				p.Command(port.Seize{}) // a lost modem refuses it
			}
			b := make([]byte, 1+r.IntN(500))
			for k := range b {
				b[k] = byte(r.Uint32())
			}
			m.Send(string(b))
			u.run(100 * time.Millisecond)
			events(p)
		}
		command(t, p, port.Release{})
		u.run(time.Minute)
		events(p)
		command(t, p, port.Seize{})
		u.run(2 * time.Second)
		if q := u.purity(voicemodem.ToneHz, pcm.Rate/2); q < 0.99 {
			t.Errorf("dial tone has purity %.4f; %s; %s", q, p.Describe(), m)
		}
	})
}

// A stream that the modem ends, with and without result code, begins again.
func TestStreamBeginsAgain(t *testing.T) {
	for _, mute := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			who := voicemodem.Full()
			who.Mute = mute
			x := new(voicemodem.Exchange)
			p, m, _ := plugIn(t, who, atmodem.Config{}, x)
			x.Attach(m)
			command(t, p, port.Seize{})
			u := &pump{t: t, p: p}
			u.run(time.Second)
			m.EndStream()
			u.run(2 * time.Second)
			if q := u.purity(voicemodem.ToneHz, pcm.Rate/2); q < 0.99 {
				t.Errorf("mute %t: dial tone has purity %.4f; %s; %s", mute, q, p.Describe(), m)
			}
			if got := events(p); got != "" {
				t.Errorf("mute %t: %s", mute, got)
			}
		})
	}
}

// Another modem in the same socket, with other abilities, is not taken for the first.
func TestAnotherModem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m, _ := plugIn(t, voicemodem.Full(), atmodem.Config{}, new(voicemodem.Wire))
		m.Unplug()
		m.Become(voicemodem.Half())
		m.Plug()
		<-time.After(time.Minute)
		if got := events(p); strings.Contains(got, "found") || !p.Info().Caps.FullDuplex {
			t.Errorf("it says %q", got)
		}
		m.Unplug()
		m.Become(voicemodem.Full())
		m.Plug()
		<-time.After(time.Minute)
		if got := events(p); got != "found" {
			t.Errorf("it says %q", got)
		}
	})
}

// jam is a device that takes no byte while it is closed off; Close ends a write.
type jam struct {
	io.ReadWriteCloser
	on   *atomic.Bool
	gone chan struct{}
	once sync.Once
}

func (j *jam) Write(b []byte) (int, error) {
	if j.on.Load() {
		<-j.gone
		return 0, io.ErrClosedPipe
	}
	return j.ReadWriteCloser.Write(b)
}

func (j *jam) Close() error {
	j.once.Do(func() { close(j.gone) })
	return j.ReadWriteCloser.Close()
}

// A modem that takes no bytes blocks nobody: not the sound, not a command, not Close.
func TestModemTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := new(voicemodem.Exchange)
		m := voicemodem.New(voicemodem.Full(), x)
		x.Attach(m)
		var on atomic.Bool
		p, r := atmodem.Open(context.Background(), atmodem.Config{Name: "fxo1", Dial: func() (io.ReadWriteCloser, error) {
			rw, err := m.Dial()
			return &jam{ReadWriteCloser: rw, on: &on, gone: make(chan struct{})}, err
		}})
		if p == nil {
			t.Fatal(r)
		}
		command(t, p, port.Seize{})
		u := &pump{t: t, p: p}
		u.run(time.Second)
		on.Store(true)
		u.run(time.Second) // the writer is stuck in a frame
		at := time.Now()
		command(t, p, port.Release{})
		if d := time.Since(at); d > 0 {
			t.Errorf("a command waited %s", d)
		}
		u.run(20 * time.Second)
		if got := events(p); !strings.HasPrefix(got, "lost: it does not answer") {
			t.Errorf("it says %q; %s", got, p.Describe())
		}
		on.Store(false)
		u.run(20 * time.Second)
		if got := events(p); got != "found" {
			t.Errorf("it says %q; %s", got, p.Describe())
		}
		on.Store(true)
		at = time.Now()
		if err := p.Close(); err != nil || time.Since(at) > 1500*time.Millisecond {
			t.Errorf("close: %v after %s", err, time.Since(at))
		}
	})
}
