package peers

import (
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/testbench/phone"
)

// never demands that a recording holds nothing of the speaker's own tone.
func never(t *testing.T, all []int16, hz float64) {
	t.Helper()
	for at := 0; at+pcm.Rate/2 <= len(all); at += pcm.Rate / 4 {
		part := all[at : at+pcm.Rate/2]
		if own := Share(part, hz); own > 0.1 && pcm.Level(part) > -40 {
			t.Errorf("%.2f s into the recording %.2f is the speaker's own %.0f Hz", float64(at)/pcm.Rate, own, hz)
		}
	}
}

// baresip is the agent: it answers by itself, caller and agent hear each other
// and nobody himself; baresip holds and goes on; the caller hangs up.
func TestBaresipServes(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	b := StartBaresip(t, d, "201", 600, "auto")
	c := d.Served(d.Carrier(phone.Account{}))
	c.Tone(1000)
	Hears(t, "the caller", c, 600, 1000)
	Hears(t, "baresip", b, 1000, 600)
	b.Order("hold", "")
	Until(t, "the caller hears music in place of the agent", patience, func() bool {
		s := tail(c)
		return pcm.Level(s) > -45 && Share(s, 600) < 0.05
	})
	b.Order("resume", "")
	Hears(t, "the caller", c, 600, 1000)
	c.HangUp()
	b.Event("CALL_CLOSED")
	never(t, b.Heard(), 600)
	r := d.Ended(1)[0]
	if r.Agent != "ana" || r.Queue != "ventas" || r.EndedBy != "caller" || r.Cause != "normal" || r.Hold < 0.5 || r.Talk < r.Hold+1 {
		t.Errorf("record %+v", r)
	}
	d.Verify()
}

// baresip calls an extension of the house.
func TestBaresipCalls(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	b := StartBaresip(t, d, "201", 600, "manual")
	got := make(chan *phone.Call, 1)
	d.Desk("202", func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(1000); got <- c })
	b.Order("dial", "202")
	c := <-got
	b.Event("CALL_ESTABLISHED")
	if c.From != "201" || c.Name != "Ana" {
		t.Errorf("the called phone shows %q %q", c.From, c.Name)
	}
	Hears(t, "the called phone", c, 600, 1000)
	Hears(t, "baresip", b, 1000, 600)
	b.Order("hangup", "")
	must(t, c.WaitEnd(soon(t)))
	never(t, b.Heard(), 600)
	r := d.Ended(1)[0]
	if r.Direction != "internal" || r.From != "201" || r.To != "202" || r.EndedBy != "caller" || r.Cause != "normal" || r.Talk < 1 {
		t.Errorf("record %+v", r)
	}
}
