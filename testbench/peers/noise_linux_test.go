package peers

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/testbench/expect"
	"github.com/centralita/centralita/testbench/phone"
)

// orders are what a terminal at the wrong speed types where the owner has left his session
// open: each would be heard in the call, or stand in the book.
const orders = "\r\nline L1 release\r\nagent logout ana\r\nschedule oficina closed\r\nreboot now\r\npoweroff now\r\nfactory-reset erase\r\nlang en\r\n"

// Garbage at the serial line at every speed while two people talk and the owner's session is
// open: they hear each other without a gap, and nothing of it is an order. At most it closes
// the session, by a byte that is ^D.
func TestSerialNoiseDuringACall(t *testing.T) {
	t.Parallel()
	c, d := terminal(t)
	h := NewDaemon(t, bin, withConsole(c.Link, ""))
	claim(d)
	k := newTalk(t, h)
	booked := func() (all []string) {
		out, _ := h.Run("book", "tail", "200", "--json")
		for line := range strings.Lines(out) {
			if !strings.Contains(line, `"access.log`) { // we enter ourselves
				all = append(all, line)
			}
		}
		return all
	}
	enter := func() {
		d.Send("q\x15\r\x15\r") // the noise may have ended within a key, or before a further page
		d.Do("login maria", "Contraseña: ")
		d.Do("tres tristes tigres", "maria@centralita> ")
	}
	before := booked()
	for _, baud := range expect.WrongSpeeds {
		enter()
		rng := rand.New(rand.NewPCG(uint64(baud), 7))
		sent := strings.Repeat(orders, max(1, int(baud/9600)))
		began, had := time.Now(), packets(k)
		for time.Since(began) < time.Second/2 {
			d.Send(string(expect.Misread([]byte(sent), baud/115200, rng)))
		}
		k.goesOn()
		took := time.Since(began)
		for i, n := range packets(k) {
			if got, want := n-had[i], int(took/(20*time.Millisecond)); got < want/2 || got > want*3/2 { // a busy machine sends late, not nothing
				t.Errorf("%v baud: %d packets in %s to the %s, want %d", baud, got, took.Round(time.Millisecond), []string{"caller", "agent"}[i], want)
			}
		}
	}
	if s := h.Status(); len(s.Calls) != 1 || !s.Calls[0].Connected || !s.Restart.IsZero() {
		t.Errorf("after the noise: %d calls, a restart waits since %s", len(s.Calls), s.Restart)
	}
	if after := booked(); len(before) < 3 || !slices.Equal(after, before) {
		t.Errorf("the book had\n%sand has now\n%s", strings.Join(before, ""), strings.Join(after, ""))
	}
	enter()
	if !strings.Contains(string(d.Raw()), "115200 8N1") {
		t.Error("nobody was told that the speed is wrong")
	}
	d.Do("lines", "L2")
	k.ends()
}

// packets are how many came to the caller and to the agent.
func packets(k *talk) (n [2]int) {
	for i, c := range []*phone.Call{k.caller, k.agent} {
		n[i], _ = c.Packets()
	}
	return n
}
