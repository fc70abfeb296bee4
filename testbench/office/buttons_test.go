package office

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/gpio"
	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/wipe"
	"github.com/centralita/centralita/hal/serial"
	"github.com/centralita/centralita/hal/serial/serialtest"
	"github.com/centralita/centralita/testbench/expect"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/linesim/pair"
	"github.com/centralita/centralita/testbench/phone"
)

// GPIO lines of the buttons of a Raspberry Pi.
const (
	okLine      = 19
	restartLine = 26
)

// set sets the button on a line down or up.
func (b *frontBox) set(line int, down bool) {
	b.mu.Lock()
	b.down[line] = down
	b.mu.Unlock()
	b.edge(gpio.Was{Offset: line, Active: down})
}

// held is what the picture shows of a held button.
func (o *Office) held() string {
	synctest.Wait()
	if h := o.House().View().Held; h != nil {
		return string(h.Does) + " " + string(h.Phase)
	}
	return ""
}

// ordered are the orders of buttons that the book has.
func (o *Office) ordered() (list []string) {
	o.T.Helper()
	for _, row := range o.Facts() {
		if row.Kind != call.Ordered {
			continue
		}
		f, err := row.Fact()
		o.must(err)
		if f.Reason != "button" {
			o.T.Errorf("%q is booked as of %q", f.State, f.Reason)
		}
		list = append(list, f.State)
	}
	return list
}

// over waits until the house has ended by itself, and says why.
func (o *Office) over(limit time.Duration) string {
	o.T.Helper()
	select {
	case err := <-o.ended:
		o.ended <- nil // for Stop
		if err == nil {
			return ""
		}
		return err.Error()
	case <-time.After(limit):
		o.T.Fatalf("the house is not over after %s; a button: %q", limit, o.held())
		return ""
	}
}

// OK held while the box starts erases it after ten seconds, and says so all the while.
func TestFactoryResetByButton(t *testing.T) {
	b := &frontBox{down: map[int]bool{okLine: true}, oled: true}
	b.inside(t, document, func(o *Office) {
		<-time.After(time.Second)
		if got := o.held(); got != "erase held" {
			t.Errorf("after a second the display shows %q", got)
		}
		<-time.After(8 * time.Second)
		if got := o.held(); got != "erase held" || wipe.Asked(o.Dir) {
			t.Errorf("after nine seconds the display shows %q; is it to be erased: %t", got, wipe.Asked(o.Dir))
		}
		if why := o.over(3 * time.Second); !strings.Contains(why, "factory reset ordered by button") {
			t.Errorf("the house ended: %q", why)
		}
		if got := o.ordered(); !slices.Equal(got, []string{"factory reset"}) {
			t.Errorf("booked: %q", got)
		}
		// The rest is the next start's, here on a copy of the data.
		copied := filepath.Join(t.TempDir(), "data")
		o.must(os.CopyFS(copied, os.DirFS(o.Dir)))
		erased, err := wipe.Finish(copied)
		o.must(err)
		left, err := os.ReadDir(copied)
		o.must(err)
		if !erased || len(left) != 0 {
			t.Errorf("erased: %t, left: %v", erased, left)
		}
	})
}

// Let go before, or pressed in a box that runs, it does nothing.
func TestFactoryResetByButtonTakesTenSecondsAtTheStart(t *testing.T) {
	b := &frontBox{down: map[int]bool{okLine: true}, oled: true}
	b.inside(t, document, func(o *Office) {
		<-time.After(9500 * time.Millisecond)
		b.set(okLine, false)
		<-time.After(100 * time.Millisecond)
		if got := o.held(); got != "" {
			t.Errorf("let go after 9.5 s, the display shows %q", got)
		}
		b.set(okLine, true)
		<-time.After(time.Minute)
		if got := o.held(); got != "" || wipe.Asked(o.Dir) || len(o.ordered()) != 0 {
			t.Errorf("OK held for a minute in a box that runs: %q, to be erased: %t, booked %q", got, wipe.Asked(o.Dir), o.ordered())
		}
		b.set(okLine, false)
	})
}

// A call that goes on is not cut: the erasing waits for its end, as it does at the console.
func TestFactoryResetByButtonWaitsForACall(t *testing.T) {
	b := &frontBox{down: map[int]bool{okLine: true}, oled: true}
	b.inside(t, document, func(o *Office) {
		ring := o.ringing()
		<-time.After(20 * time.Second)
		if got := o.held(); got != "erase done" || wipe.Asked(o.Dir) {
			t.Errorf("during a call the display shows %q; to be erased: %t", got, wipe.Asked(o.Dir))
		}
		ring.HangUp()
		o.over(20 * time.Second)
		if !wipe.Asked(o.Dir) {
			t.Error("after the call it is not to be erased")
		}
	})
}

// ringing is a call from the carrier that is in the house.
func (o *Office) ringing() *phone.Call {
	o.T.Helper()
	carrier := o.Phone(Far, phone.Account{User: "600123456"})
	o.T.Cleanup(func() { carrier.Close() })
	c := carrier.Call("912000000")
	ctx, cancel := context.WithTimeout(o.T.Context(), time.Minute)
	defer cancel()
	o.must(c.WaitUp(ctx))
	return c
}

// A short press of restart tells what a long one would do; a long one restarts as soon
// as nobody talks, which the health lamp confirms and the book keeps, as asked and as done.
func TestRestartByButtonWaitsForACall(t *testing.T) {
	b := &frontBox{down: map[int]bool{}, oled: true}
	b.inside(t, document, func(o *Office) {
		<-time.After(time.Second)
		b.push(restartLine)
		if got := o.held(); got != "restart told" {
			t.Errorf("after a short press the display shows %q", got)
		}
		<-time.After(10 * time.Second)
		if got := o.held(); got != "" || len(o.ordered()) != 0 {
			t.Errorf("ten seconds later: %q, booked %q", got, o.ordered())
		}
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(600) })
		defer ana.Close()
		c := o.talking()
		hold := func() {
			b.set(restartLine, true)
			<-time.After(3500 * time.Millisecond)
			synctest.Wait()
		}
		hold()
		if got := b.lit()[0] & 3; got != 3 && got != 0 {
			t.Errorf("the health lamp shows %b, want amber or dark: accepted", got)
		}
		b.set(restartLine, false)
		<-time.After(30 * time.Second)
		if v := o.House().View(); v.Restart.IsZero() || len(v.Calls) != 1 || !v.Calls[0].Connected {
			t.Errorf("a restart waits since %s beside %d calls", v.Restart, len(v.Calls))
		}
		// Held again it is taken back, and once more it stands.
		for _, want := range []struct {
			held  string
			waits bool
		}{{"keep done", false}, {"restart done", true}} {
			hold()
			if got := o.held(); got != want.held || o.House().View().Restart.IsZero() == want.waits {
				t.Errorf("the display shows %q, a restart waits since %s, want %+v", got, o.House().View().Restart, want)
			}
			b.set(restartLine, false)
			<-time.After(10 * time.Second)
		}
		c.HangUp()
		if why := o.over(30 * time.Second); !strings.Contains(why, "restart when idle, ordered by button") {
			t.Errorf("the house ended: %q", why)
		}
		if got := strings.Join(o.ordered(), ", "); got != "restart when idle, cancel, restart when idle, restart now" {
			t.Errorf("booked: %s", got)
		}
	})
}

// talking is a call from the carrier to an agent, connected.
func (o *Office) talking() *phone.Call {
	o.T.Helper()
	c := o.ringing()
	<-time.After(time.Second)
	c.SendDigits("1", phone.RFC4733)
	o.Until("the agent answers", 20*time.Second, func() bool {
		v := o.House().View()
		return len(v.Calls) == 1 && v.Calls[0].Connected
	})
	return c
}

// A test of a line is in the picture while it goes on, with what it has found so far.
func TestALineTestIsShownWhileItGoesOn(t *testing.T) {
	bench(t, document, func(o *Office, d *desk, sim *linesim.Sim) {
		l, err := sim.Line(1)
		o.must(err)
		o.must(l.Lay(pair.Config{Cable: pair.Cable{Km: 1}}))
		<-time.After(time.Second)
		over := make(chan string, 1)
		go func() {
			_, answer := d.ask(o.T, "line", "L1", "test", "--json")
			over <- answer
		}()
		var last view.Testing
		o.Until("the test is over", 2*time.Minute, func() bool {
			if x := o.House().View().Lines[0].Test; x != nil {
				last = *x
			}
			return len(over) == 1
		})
		if last.Longest != 60 || last.NowES == "" || last.Found == nil || len(last.Found.Findings) == 0 {
			t.Errorf("last it was %+v; the answer %s", last, <-over)
		}
		o.Until("it is shown no longer", time.Second, func() bool { return o.House().View().Lines[0].Test == nil })
	})
}

// OK stops the test of a line while that is what the display shows; the technician who
// waits for it hears so.
func TestOKStopsALinesTest(t *testing.T) {
	b, cables := &frontBox{down: map[int]bool{}, oled: true}, map[string]*serialtest.Cable{}
	b.inside(t, document, func(o *Office) {
		sim := o.far(o.T)
		defer sim.Close()
		d := expect.New(o.T, cables["/dev/ttyS1"].Far())
		claim(d)
		testing := func() bool { synctest.Wait(); return o.House().View().Lines[0].Test != nil }
		o.Until("the line is there", time.Minute, func() bool { return o.House().View().Lines[0].Lamp == view.Idle })
		for range 4 { // what wants attention is seen, so that the test stands there alone
			b.push(okLine)
			<-time.After(4 * time.Second)
		}
		d.Send("line L1 test\r")
		o.Until("it is tested", 10*time.Second, testing)
		<-time.After(3 * time.Second)
		if !testing() {
			o.T.Fatal("it ended by itself")
		}
		b.push(okLine)
		if testing() {
			o.T.Errorf("it goes on: %s", o.House().View().Lines[0].Test.NowEN)
		}
		d.Expect("prueba interrumpida: ")
	}, func(out *app.Outside) {
		out.Console = func(path string) serial.Device {
			if cables[path] == nil {
				cables[path] = &serialtest.Cable{Title: path}
				if path == "/dev/ttyS1" {
					_ = cables[path].Plug() // it cannot fail
				}
			}
			return cables[path]
		}
	})
}
