package atmodem_test

import (
	"context"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/board/atmodem"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/testbench/voicemodem"
)

// cable is a modem at a pseudo terminal.
type cable struct {
	t *testing.T
	m *voicemodem.Modem
	voicemodem.Cable
}

func (c *cable) plug() {
	c.t.Helper()
	if err := c.Plug(); err != nil {
		c.t.Fatalf("a pseudo terminal is needed: %v", err)
	}
}

func (c *cable) unplug() {
	c.t.Helper()
	if err := c.Unplug(); err != nil {
		c.t.Error(err)
	}
}

// await reads events until want, at most a while.
func await(t *testing.T, p *atmodem.Port, want string) {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case e := <-p.Events():
			if strings.HasPrefix(e.String(), want) {
				return
			}
		case <-late:
			t.Fatalf("%q was awaited; %s", want, p.Describe())
		}
	}
}

// until pumps until ok, at most ten seconds: on a busy machine sound has gaps.
func until(u *pump, what string, ok func() bool) {
	u.t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); u.run(100 * time.Millisecond) {
		if time.Now().After(end) {
			u.t.Fatalf("awaited that %s; %s", what, u.p.Describe())
		}
	}
}

// Ring 4: a real pseudo terminal, the real serial library, real time: a call comes,
// is answered and talks both ways; the plug is pulled in it and put back.
func TestOverAPseudoTerminal(t *testing.T) {
	for name, who := range map[string]voicemodem.Personality{"full duplex": voicemodem.Full(), "half duplex": voicemodem.Half()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overATerminal(t, who)
		})
	}
}

func overATerminal(t *testing.T, who voicemodem.Personality) {
	x := new(voicemodem.Exchange)
	m := voicemodem.New(who, x)
	c := &cable{t, m, voicemodem.Cable{Modem: m, Link: filepath.Join(t.TempDir(), "ttyACM0")}}
	x.Attach(c.m)
	c.plug()
	p, r := atmodem.Open(context.Background(), atmodem.Config{Name: "fxo1", Device: c.Link, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if p == nil {
		t.Fatal(r)
	}
	defer p.Close()
	if second, r := atmodem.Open(context.Background(), atmodem.Config{Name: "fxo2", Device: c.Link}); second != nil || r.Why != "another program holds the device; end it" {
		t.Fatal(r)
	}
	x.Call("600123456", "ANA")
	await(t, p, "ring on")
	await(t, p, `caller id "600123456" "ANA"`)
	u := &pump{t: t, p: p, late: true}
	command(t, p, port.Seize{})
	until(u, "the caller's voice is heard", func() bool { return u.purity(voicemodem.CallerHz, pcm.Rate/20) >= 0.99 })
	u.player.Start(tone.Continuous(tone.Partial{Hz: 700, DBm0: -20}))
	until(u, "the caller hears us", func() bool { return math.Abs(x.Level()+20) < 0.5 })
	c.unplug()
	await(t, p, "lost: the device is gone")
	c.plug()
	await(t, p, "found")
	u.player.Stop()
	command(t, p, port.Seize{})
	until(u, "dial tone is heard", func() bool { return u.purity(voicemodem.ToneHz, pcm.Rate/20) >= 0.99 })
	if err := p.Close(); err != nil || c.m.OffHook() {
		t.Errorf("close: %v; %s", err, c.m)
	}
	c.unplug()
}
