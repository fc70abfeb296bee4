package office

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/clock"
	"github.com/centralita/centralita/testbench/voicemodem"
)

// iron is the clocks of a board: its system's clock begins in 1970 with every boot.
type iron struct {
	mu      sync.Mutex
	boot    string
	began   time.Time // of the kernel, in the bubble
	wall    time.Time // what its clock showed then
	synced  bool
	battery time.Time // zero: none
	may     bool      // set the system's clock
	set     []time.Time
}

func (i *iron) Reading() clock.Reading {
	i.mu.Lock()
	defer i.mu.Unlock()
	return clock.Reading{Wall: i.wall.Add(time.Since(i.began)), Synced: i.synced}
}

func (i *iron) Boot() (string, time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.boot, time.Since(i.began)
}

func (i *iron) RTC() (time.Time, bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.battery, !i.battery.IsZero(), nil
}

func (i *iron) SetSystem(t time.Time) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.may {
		return errors.New("operation not permitted")
	}
	i.wall, i.set = t.Add(-time.Since(i.began)), append(i.set, t)
	return nil
}

func (i *iron) SetRTC(t time.Time) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.battery = t
	return nil
}

// restart is a power cut and the next boot, in 1970.
func (i *iron) restart(boot string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.boot, i.began, i.wall, i.synced = boot, time.Now(), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), false
}

// network sets the system's clock as a daemon does.
func (i *iron) network(t time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.wall, i.synced = t.Add(-time.Since(i.began)), true
}

// A board without a battery is cut off and boots in 1970 each time: it goes on from
// the last minute, a call that begins then is dated anew when the network comes, and
// picture, book and console agree all along, whether the system's clock may be set or
// not. A network that is forged moves nothing.
func TestPowerCutsWithoutABattery(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	right := time.Date(2026, 12, 1, 11, 30, 0, 0, time.UTC)
	for name, may := range map[string]bool{"the system's clock is set": true, "it may not be": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				exchange := &voicemodem.Exchange{}
				modem := voicemodem.New(voicemodem.Full(), exchange)
				exchange.Attach(modem)
				o := OpenWith(t, 5, modems(), pack, plug(modem))
				o.Stop()
				below := &iron{may: may}
				o.Below = below
				below.restart("a")
				o.Start()
				o.shows("unset", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Minute)
				below.network(right)
				began := time.Now()
				now := func() time.Time { return right.Add(time.Since(began)) }
				<-time.After(90 * time.Second)
				o.shows("ntp", now(), time.Second)
				o.Stop()

				<-time.After(2 * time.Hour) // without current
				below.restart("b")
				o.Start()
				o.shows("restored", right.Add(90*time.Second), 10*time.Second)
				exchange.Call("600123456", "JUAN")
				o.Until("the line is answered", 10*time.Second, modem.OffHook)
				call := now()
				below.network(right.AddDate(0, -1, 0)) // forged: before the trusted time
				<-time.After(5 * time.Second)
				o.shows("restored", right.Add(90*time.Second), time.Minute)
				below.network(now())
				<-time.After(5 * time.Second)
				o.shows("ntp", now(), time.Second)
				if c := o.House().View().Calls; len(c) != 1 || c[0].Began.Sub(call).Abs() > time.Minute {
					t.Errorf("the picture has the calls %+v, want one of %s", c, call)
				}
				exchange.HangUp()
				o.Until("the call is over", time.Minute, func() bool { return len(o.House().View().Calls) == 0 })
				o.Stop()
				if r := o.Records(); len(r) != 1 || r[0].Began.Sub(call).Abs() > time.Minute || r[0].Ended.Sub(call) > 2*time.Minute {
					t.Errorf("booked are %+v, want one of %s", r, call)
				}
				o.clockFacts("unset>ntp redated, restored>ntp redated")
				if n := len(below.set); may != (n > 0) {
					t.Errorf("the system's clock was set %d times", n)
				}
			})
		})
	}
}

// shows checks the picture's clock.
func (o *Office) shows(state string, at time.Time, within time.Duration) {
	o.T.Helper()
	<-time.After(3 * time.Second)
	v := o.House().View()
	now := o.House().Now()
	if off := now.Sub(at); v.Clock != state || off.Abs() > within+10*time.Second {
		o.T.Errorf("it is %s (%s), want %s (%s)", now.UTC(), v.Clock, at, state)
	}
	if age := now.Sub(v.At); age < 0 || age > 2*time.Minute {
		o.T.Errorf("the picture is %s old by the clock of the house", age)
	}
}

// clockFacts checks what the book says of the clock.
func (o *Office) clockFacts(want string) {
	o.T.Helper()
	var got []string
	for _, row := range o.Facts() {
		if f, err := row.Fact(); err != nil {
			o.T.Fatal(err)
		} else if f.Kind == call.Clock {
			how := map[string]string{call.BookStep: " redated", call.BookDrift: ""}[f.State]
			got = append(got, f.Node+">"+f.Reason+how)
		}
	}
	if s := strings.Join(got, ", "); s != want {
		o.T.Errorf("booked is %q, want %q", s, want)
	}
}
