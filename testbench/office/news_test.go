package office

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/linesim"
)

// While nothing happens on lines and phones the picture follows the rooms that
// tell the loop nothing, such as the book.
func TestQuietHouseShowsItsBook(t *testing.T) {
	bubble(t, 1, func(o *Office) {
		<-time.After(5 * time.Second)
		if last, shown := o.Facts()[len(o.Facts())-1].Seq, o.House().View().Book.Last; shown != last {
			t.Errorf("the picture shows %d facts, the book has %d", shown, last)
		}
	})
}

// The night switch stays where a person set it, over a restart.
func TestNightSwitchOutlivesARestart(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Replace(document, "flows:\n", "schedules:\n  - {id: oficina, override: open, week: {mon-fri: [\"09:00-14:00\"]}}\nflows:\n", 1)
	doc = strings.Replace(doc, "    start: menu\n    nodes:\n", "    start: abierto\n    nodes:\n      abierto: {schedule: oficina, open: menu, closed: fin}\n", 1)
	run(t, 1, doc, pack, func(o *Office) {
		o.Stop()
		b, err := book.Open(o.T.Context(), o.Dir, book.Options{Site: "test"})
		o.must(err)
		b.Append(call.Fact{Kind: call.ScheduleSet, At: time.Now(), Node: "oficina", State: "closed", By: tel.BySystem})
		o.must(b.Close())
		o.Start()
		sim := o.Copper()
		defer sim.Close()
		line, err := sim.Line(1)
		o.must(err)
		c, err := line.Call(linesim.Caller{Number: "600123456"})
		o.must(err)
		ctx, stop := context.WithTimeout(o.T.Context(), time.Minute)
		defer stop()
		o.must(c.WaitOver(ctx))
		<-time.After(time.Second)
		if r := o.Records(); len(r) != 1 || r[0].Cause != tel.CauseClosed {
			t.Errorf("the office was not closed: %+v", r)
		}
	})
}
