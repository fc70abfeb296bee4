package office

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/testbench/linesim"
)

// A call of ours is up by evidence: the wires turn, a voice comes when ringback has
// stopped; and it is over by what the exchange says instead.
func TestAnswerIsKnownByEvidence(t *testing.T) {
	bubble(t, 7, func(o *Office) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		copper := o.Copper()
		defer copper.Close()
		p, err := copper.Phone(1)
		o.must(err)
		line, err := copper.Line(2)
		o.must(err)
		outcomes := map[string]linesim.Outcome{
			"910000011": {After: 7 * time.Second, Reverse: true},
			"910000012": {After: 11 * time.Second},
			"910000013": {Result: linesim.IsBusy},
			"910000014": {Result: linesim.NoWay},
		}
		line.Number = func(n string) linesim.Outcome { return outcomes[n] }
		for _, n := range []string{"910000011", "910000012", "910000013", "910000014"} {
			o.must(p.Dial(ctx, "0"+n))
			c, err := line.Dialled(ctx)
			o.must(err)
			if after := outcomes[n].After; after > 0 {
				<-time.After(after - time.Second)
				if v := o.House().View(); len(v.Calls) != 1 || v.Calls[0].Connected {
					o.T.Errorf("%s counts as answered while it rings: %s", n, o.Trace(40))
				}
				<-time.After(2 * time.Second)
				c.Hum(700, -12)
				o.Until(n+" is connected", 5*time.Second, func() bool { v := o.House().View(); return len(v.Calls) == 1 && v.Calls[0].Connected })
				c.HangUp()
			}
			o.Until(n+" is over", 20*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
			o.must(p.OnHook())
			o.must(line.WaitFree(ctx))
			<-time.After(3 * time.Second)
		}
		var got []string
		for _, r := range o.Records() {
			e, _, _ := strings.Cut(r.Evidence, " Hz")
			got = append(got, string(r.To)+" "+string(r.Cause)+" ("+e+"), answered by: "+r.AnswerEvidence)
		}
		want := []string{
			"0910000011 normal (the exchange dropped the loop current), answered by: the exchange reversed the line",
			"0910000012 normal (the exchange dropped the loop current), answered by: a voice after ringback",
			"0910000013 busy (busy tone 425), answered by: ",
			"0910000014 congestion (congestion tone 425), answered by: ",
		}
		if !slices.Equal(got, want) {
			o.T.Errorf("records:\n%s", strings.Join(got, "\n"))
		}
		for _, f := range o.Facts() {
			if f.Kind == call.LineState {
				o.T.Errorf("a line is out of service: %+v", f)
			}
		}
	})
}
