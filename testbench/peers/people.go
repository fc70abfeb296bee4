package peers

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/phone"
)

// patience is how long anything may take on a machine that does much else.
const patience = 30 * time.Second

// soon is a context that ends with the test and after the patience.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Phone makes a SIP phone on a real socket of host that is not registered.
func (d *Daemon) Phone(host string, a phone.Account) *phone.Phone {
	d.t.Helper()
	a.Server = netip.MustParseAddrPort(d.SIP)
	p, err := phone.New(phone.Real(), host+":0", a)
	must(d.t, err)
	d.t.Cleanup(p.Close)
	return p
}

// Desk makes a registered phone of the house; answer is what it does when it
// is called.
func (d *Daemon) Desk(ext string, answer func(*phone.Call)) *phone.Phone {
	d.t.Helper()
	return d.DeskWith(phone.Account{User: ext}, answer)
}

// DeskWith is Desk with an account of its own.
func (d *Daemon) DeskWith(a phone.Account, answer func(*phone.Call)) *phone.Phone {
	d.t.Helper()
	a.Password = "secret-of-" + a.User
	p := d.Phone("127.0.0.1", a)
	p.OnCall = answer
	must(d.t, p.Register(soon(d.t)))
	return p
}

// Carrier makes a phone behind the trunk of the office: its calls are known by
// their address.
func (d *Daemon) Carrier(a phone.Account) *phone.Phone {
	d.t.Helper()
	if a.User == "" {
		a.User, a.Name = "600123456", "Juan"
	}
	return d.Phone("127.0.0.2", a)
}

// Copper connects a central office and telephones to the simulated board.
func (d *Daemon) Copper() *linesim.Sim {
	d.t.Helper()
	s, err := linesim.Dial(filepath.Join(d.Dir, "sim.sock"))
	must(d.t, err)
	d.t.Cleanup(func() { _ = s.Close() }) // a pulled cord has nothing to say
	return s
}

// UntilView waits until the picture is so.
func (d *Daemon) UntilView(what string, ok func(*view.Snapshot) bool) {
	d.t.Helper()
	var s *view.Snapshot
	defer func() {
		if d.t.Failed() && s != nil {
			d.t.Logf("calls %+v; agents %+v; queues %+v", s.Calls, s.Agents, s.Queues)
		}
	}()
	Until(d.t, what, patience, func() bool {
		s = d.Status()
		return ok(s)
	})
}

// Logs waits until the daemon has written text for people.
func (d *Daemon) Logs(text string) {
	d.t.Helper()
	Until(d.t, "the log says "+text, patience, func() bool { return strings.Contains(d.errs.String(), text) })
}

// Quiet waits until no call is up any more.
func (d *Daemon) Quiet() {
	d.t.Helper()
	d.UntilView("all calls are over", func(s *view.Snapshot) bool { return len(s.Calls) == 0 && s.Media.Legs == 0 })
}

// agent returns an agent of the picture.
func agent(s *view.Snapshot, id tel.AgentID) view.Agent {
	for _, a := range s.Agents {
		if a.ID == id {
			return a
		}
	}
	return view.Agent{}
}

// connected reports whether n calls are put through.
func connected(n int) func(*view.Snapshot) bool {
	return func(s *view.Snapshot) bool {
		through := 0
		for _, c := range s.Calls {
			if c.Connected {
				through++
			}
		}
		return through == n
	}
}

// Served makes a caller key 1 and waits until somebody has answered him.
func (d *Daemon) Served(carrier *phone.Phone) *phone.Call {
	d.t.Helper()
	before := 0
	for _, c := range d.Status().Calls {
		if c.Connected {
			before++
		}
	}
	c := carrier.Call("912000000")
	must(d.t, c.WaitUp(soon(d.t)))
	Speaks(d.t, "the caller", c)
	c.SendDigits("1", phone.RFC4733)
	d.UntilView("the caller is answered", connected(before+1))
	return c
}

// ear is an end of a call: what it hears is looked at.
type ear interface{ Heard() []int16 }

// tail is the last second of what an ear heard, nil before there is one.
func tail(e ear) []int16 {
	all := e.Heard()
	if len(all) < pcm.Rate {
		return nil
	}
	return all[len(all)-pcm.Rate:]
}

// Share is how much of the energy of samples is a tone of hz, 0 to 1, by blocks
// of 20 ms: a block that came late or twice is not the loss of the rest.
func Share(samples []int16, hz float64) float64 {
	var of, all float64
	for ; len(samples) >= pcm.FrameLen; samples = samples[pcm.FrameLen:] {
		energy := 0.0
		for _, s := range samples[:pcm.FrameLen] {
			energy += float64(s) * float64(s)
		}
		of += energy * phone.Power(samples[:pcm.FrameLen], hz)
		all += energy
	}
	if all == 0 {
		return 0
	}
	return of / all
}

// Hears demands that e comes to hear a tone of hz and nothing of the others;
// frequencies are multiples of 50 Hz.
func Hears(t *testing.T, who string, e ear, hz float64, others ...float64) {
	t.Helper()
	var said strings.Builder
	defer func() {
		if t.Failed() {
			t.Logf("%s hears %s", who, said.String())
		}
	}()
	Until(t, fmt.Sprintf("%s hears %.0f Hz alone", who, hz), patience, func() bool {
		s := tail(e)
		said.Reset()
		fmt.Fprintf(&said, "%.0f dBm0: %.2f of %.0f Hz", pcm.Level(s), Share(s, hz), hz)
		ok := s != nil && pcm.Level(s) > -30 && Share(s, hz) > 0.8
		for _, o := range others {
			fmt.Fprintf(&said, ", %.2f of %.0f Hz", Share(s, o), o)
			ok = ok && Share(s, o) < 0.05
		}
		return ok
	})
}

// Speaks waits until somebody is heard: speech, music, any sound.
func Speaks(t *testing.T, who string, e ear) {
	t.Helper()
	Until(t, who+" hears something", patience, func() bool {
		all := e.Heard()
		return len(all) > 1600 && pcm.Level(all[len(all)-1600:]) > -40
	})
}
