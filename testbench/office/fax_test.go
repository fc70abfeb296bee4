package office

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/linesim/subscriber"
	"github.com/centralita/centralita/testbench/phone"
)

// faxHouse is the house of document with a fax at 102.
func faxHouse(t *testing.T, seed uint64, f func(*Office)) {
	t.Helper()
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Replace(document, "operator: \"101\"\n", "operator: \"101\"\nfax: \"102\"\n", 1)
	run(t, seed, strings.Replace(doc, "via: [carrier, L2]", "via: [L2]", 1), pack, f)
}

// loud is how much of what was heard is louder than -30 dBm0.
func loud(heard []int16) (d time.Duration) {
	for ; len(heard) >= pcm.FrameLen; heard = heard[pcm.FrameLen:] {
		var f pcm.Frame
		copy(f[:], heard)
		if f.Level() > -30 {
			d += pcm.FrameTime * time.Millisecond
		}
	}
	return d
}

// Row L9: a fax calls a line, is heard in the menu and rings the fax port; the two
// machines exchange pages for two minutes and nothing cuts them; the book says why.
func TestFaxComesIn(t *testing.T) {
	faxHouse(t, 6, func(o *Office) {
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { o.T.Error("an agent was rung"); c.Busy() })
		defer ana.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		copper := o.Copper()
		defer copper.Close()
		line, err := copper.Line(1)
		o.must(err)
		machine, err := copper.Phone(2)
		o.must(err)
		c, err := line.Call(linesim.Caller{Number: "910999999"})
		o.must(err)
		_, err = c.WaitAnswer(ctx)
		o.must(err)
		answered := time.Now()
		c.Be(&subscriber.Fax{Calling: true})
		_, _, err = machine.WaitRing(ctx, 1)
		o.must(err)
		if took := time.Since(answered); took > 12*time.Second {
			o.T.Errorf("the fax rang %s after the answer", took)
		}
		machine.Be(&subscriber.Fax{Reversed: true})
		o.must(machine.OffHook())
		o.pages(machine.Voice, c.Voice)
		o.must(machine.OnHook())
		o.Until("the call is over", 10*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
		o.must(line.WaitFree(ctx))
		<-time.After(2 * time.Second)
		r := o.Records()
		if len(r) != 1 || r[0].Queue != "" || r[0].Agent != "" || r[0].Talk < 2*time.Minute || r[0].EndedBy != tel.ByCalled {
			o.T.Errorf("booked as %+v", r)
		}
		o.faxBooked()
	})
}

// A fax of the house calls out: the other answers with CED, and again nothing cuts
// them for two minutes.
func TestFaxGoesOut(t *testing.T) {
	faxHouse(t, 7, func(o *Office) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		copper := o.Copper()
		defer copper.Close()
		line, err := copper.Line(2)
		o.must(err)
		machine, err := copper.Phone(2)
		o.must(err)
		o.must(machine.OffHook())
		o.must(machine.Dial(ctx, "0910888888"))
		machine.Be(&subscriber.Fax{Calling: true})
		c, err := line.Dialled(ctx)
		o.must(err)
		c.Be(&subscriber.Fax{Reversed: true})
		o.pages(machine.Voice, c.Voice)
		c.HangUp()
		o.Until("the call is over", 10*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
		<-time.After(2 * time.Second)
		r := o.Records()
		if len(r) != 1 || r[0].Direction != tel.Outbound || r[0].Cause != tel.CauseNormal || r[0].Talk < 2*time.Minute {
			o.T.Errorf("booked as %+v", r)
		}
	})
}

// pages lets two machines work for two minutes and looks that each hears the other.
func (o *Office) pages(near, far *linesim.Voice) {
	o.T.Helper()
	o.Until("the two are connected", time.Minute, func() bool {
		v := o.House().View().Calls
		return len(v) == 1 && v[0].Connected
	})
	before, after := loud(near.Heard()), loud(far.Heard())
	<-time.After(2*time.Minute + 10*time.Second)
	if v := o.House().View().Calls; len(v) != 1 {
		o.T.Fatalf("the fax was cut: %+v\n%s", o.Records(), o.Trace(20))
	}
	a, b := loud(near.Heard())-before, loud(far.Heard())-after
	if a+b < 80*time.Second || a < 5*time.Second || b < 5*time.Second {
		o.T.Errorf("in two minutes one heard the other for %s and %s", a, b)
	}
}

func (o *Office) faxBooked() {
	o.T.Helper()
	for _, row := range o.Facts() {
		f, err := row.Fact()
		if err != nil {
			o.T.Fatal(err)
		}
		if f.Kind == call.Fax {
			if f.Ext != "102" || f.Evidence != "fax calling tone 1100 Hz" {
				o.T.Errorf("booked is %+v", f)
			}
			return
		}
	}
	o.T.Error("the book does not say that it was a fax")
}
