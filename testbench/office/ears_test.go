package office

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/linesim/central"
	"github.com/centralita/centralita/testbench/phone"
)

// chatter is a voice: syllables of harmonics of 130 Hz, with pauses between
// sentences.
func chatter(seconds int) []int16 {
	out := make([]int16, seconds*pcm.Rate)
	for i := range out {
		at := float64(i) / pcm.Rate
		v := 0.0
		for h := 2; h < 12; h++ {
			v += math.Sin(2*math.Pi*130*(1+0.02*math.Sin(9*at))*float64(h)*at+float64(h*h)) / float64(h)
		}
		if math.Mod(at, 3) < 2.2 {
			out[i] = int16(5000 * v * math.Pow(math.Sin(3.5*math.Pi*at), 2))
		}
	}
	return out
}

// A caller whose exchange says by busy tone alone that he has gone: the agent hears
// it until it is recognised and not after; the view shows what the ears measured.
func TestTheEarOfALine(t *testing.T) {
	bubble(t, 4, func(o *Office) {
		var got *phone.Call
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { got = c; c.Ring(); c.Answer(); c.Tone(600) })
		defer ana.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		copper := o.Copper()
		defer copper.Close()
		line, err := copper.Line(1)
		o.must(err)
		line.Clearing = central.ByTone
		c, err := line.Call(linesim.Caller{Number: "600123456", Name: "Juan"})
		o.must(err)
		_, err = c.WaitAnswer(ctx)
		o.must(err)
		<-time.After(500 * time.Millisecond)
		o.must(c.Press(ctx, "1"))
		o.Until("connected", 20*time.Second, func() bool { v := o.House().View(); return len(v.Calls) == 1 && v.Calls[0].Connected })
		c.Say(chatter(12))
		<-time.After(10 * time.Second)
		var l view.Leg
		for _, leg := range o.House().View().Calls[0].Legs {
			if strings.HasPrefix(leg.What, "line") {
				l = leg
			}
		}
		if l.LevelIn > -10 || l.LevelIn < -40 || l.LevelOut > -3 || l.LevelOut < -40 || l.TwistDB == 0 {
			o.T.Errorf("of the line is known %+v", l)
		}
		<-time.After(3 * time.Second)
		before := len(got.Heard())
		c.HangUp()
		o.Until("over", 20*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
		<-time.After(2 * time.Second) // until it is booked
		busy := 0
		heard := got.Heard()[before:]
		for len(heard) >= 800 {
			if phone.Power(heard[:800], 425) > 0.8 && pcm.Level(heard[:800]) > -45 {
				busy++
			}
			heard = heard[800:]
		}
		if busy == 0 || busy > 13 { // of 100 ms
			o.T.Errorf("the agent heard busy tone for %d ms", 100*busy)
		}
		if r := o.Records()[0]; !strings.Contains(r.Evidence, "busy tone 425 Hz") {
			o.T.Errorf("record %+v", r)
		}
	})
}

// A line without dial tone leaves its last half minute in the black box.
func TestALineThatFailsLeavesItsSound(t *testing.T) {
	bubble(t, 5, func(o *Office) {
		copper := o.Copper()
		defer copper.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		for n := range 2 {
			line, err := copper.Line(n + 1)
			o.must(err)
			line.Office.Plan.Signals[plan.Dial] = plan.Signal{} // no dial tone
		}
		p, err := copper.Phone(1)
		o.must(err)
		o.must(p.Dial(ctx, "0910111222"))
		o.Until("a black box", time.Minute, func() bool {
			files, err := filepath.Glob(filepath.Join(o.Dir, "blackbox", "*.wav"))
			return err == nil && len(files) > 0
		})
		o.must(p.OnHook())
	})
}
