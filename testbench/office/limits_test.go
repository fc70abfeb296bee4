package office

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/phone"
)

// A phone calls out until the day's limit ends the call; neither a new call nor a
// restart of the appliance opens the limit again, but help is always within reach,
// and the next day everything is open.
func TestLimitOutlivesTheAppliance(t *testing.T) {
	doc := strings.Replace(document, "  routes:\n", "  limits:\n    - {name: carrier, via: [carrier], per_day: 2m, minute: 0.05, budget: 10}\n  routes:\n", 1)
	doc = strings.Replace(doc, "via: [carrier, L2]", "via: [carrier]", 1)
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	run(t, 9, doc, pack, func(o *Office) {
		far := o.Phone(Far, phone.Account{User: "carrier"})
		defer far.Close()
		far.OnCall = func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(700) }
		ana := o.agent("201", "10.0.0.21", nil)
		defer ana.Close()
		up := func() bool { return o.House().View().Trunks[0].Lamp != view.Dead }
		o.Until("the carrier is there", 5*time.Minute, up)
		c := o.through(ana, "0600111222")
		<-time.After(85 * time.Second)
		c.Forget()
		<-time.After(10 * time.Second)
		if p := phone.Power(c.Heard(), 700); p > 0.99 {
			o.T.Errorf("no warning was heard: the other party has a share of %.3f", p)
		}
		o.Until("the limit ends the call", 30*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
		o.refused(ana, "0600111222")
		o.Stop()
		o.Start()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		o.must(ana.Register(ctx))
		o.Until("the carrier is there", 5*time.Minute, up)
		if s := o.House().View().Spent; len(s) != 1 || s[0].Talk != 120 || s[0].Calls != 1 || s[0].Cost != "0.10" || s[0].Of != "" {
			o.T.Errorf("after the restart it has counted %+v", s)
		}
		o.refused(ana, "0600111222")
		help := o.through(ana, "112")
		<-time.After(10 * time.Minute)
		if n := len(o.House().View().Calls); n != 1 {
			o.T.Error("the call for help was cut")
		}
		help.HangUp()
		<-time.After(24 * time.Hour)
		o.must(ana.Register(context.Background()))
		o.through(ana, "0600111222").HangUp()
		o.Until("the last call is over", 5*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
		<-time.After(2 * time.Second) // the book is written in groups
		o.limitsBooked()
	})
}

// through calls a number and waits until it is answered.
func (o *Office) through(p *phone.Phone, number string) *phone.Call {
	o.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c := p.Call(number)
	if err := c.WaitUp(ctx); err != nil {
		o.T.Fatalf("%s: %v\n%s", number, err, o.Trace(30))
	}
	return c
}

// refused calls a number that must not be put through.
func (o *Office) refused(p *phone.Phone, number string) {
	o.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c := p.Call(number)
	o.must(c.WaitEnd(ctx))
	if code, reason := c.End(); code != 403 {
		o.T.Errorf("%s was answered with %d %s", number, code, reason)
	}
}

func (o *Office) limitsBooked() {
	o.T.Helper()
	var got []string
	for _, r := range o.Records() {
		got = append(got, string(r.Cause)+": "+r.Evidence)
		if r.Cause == tel.CauseLimit && (r.EndedBy != tel.BySystem || r.Talk.Round(time.Second) != 2*time.Minute) {
			o.T.Errorf("ended by %s after %s", r.EndedBy, r.Talk)
		}
	}
	const rule = "limit carrier: 2m of talk a day are used up"
	want := []string{"limit: " + rule, "forbidden: " + rule, "forbidden: " + rule, "normal", "normal"}
	if len(got) != len(want) {
		o.T.Fatalf("booked are %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			o.T.Errorf("booked is %q, want %q", got[i], want[i])
		}
	}
}
