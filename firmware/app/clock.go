package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/clock"
	"github.com/centralita/centralita/firmware/clock/sources"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/keeper/chores"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// written is when this program was written: no earlier clock can be right.
var written = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// Clocks are those of a machine; *sources.Machine is one.
type Clocks interface {
	Reading() clock.Reading
	Boot() (id string, up time.Duration)
	RTC() (t time.Time, has bool, err error)
	SetSystem(time.Time) error
	SetRTC(time.Time) error
}

// keepEvery is how often the time is saved.
const keepEvery = time.Minute

// Time is what time it is: the machine of the clock with its shells. Its methods may
// be called by several goroutines.
type Time struct {
	below  Clocks // nil: none are looked at
	store  *sources.Store
	log    *slog.Logger
	rtcErr string // why the clock with the battery could not be read

	kept time.Time // it was saved; of the watch
	fail string    // why it could not be; of the watch

	mu                  sync.Mutex
	m                   *clock.Machine
	set                 string // why the system's clock was not set; "" when it was, or needs not be
	wantSystem, wantRTC bool   // to be set
}

// OpenTime begins to keep the time by the clocks below and the last minute in the
// data folder. It must be asked before the book is opened, which is dated by it.
func OpenTime(dir string, below Clocks, zone *time.Location, log *slog.Logger) (*Time, error) {
	store, err := sources.OpenStore(dir)
	if err != nil {
		return nil, err
	}
	b := clock.Begin{Build: written, Saved: store.Last(), Zone: zone}
	b.Boot, b.Up = below.Boot()
	t := &Time{below: below, store: store, log: log}
	if b.RTC, b.HasRTC, err = below.RTC(); err != nil {
		t.rtcErr = err.Error()
		if b.HasRTC {
			log.Warn("the clock with the battery tells no time", "err", err)
		}
	}
	b.System = below.Reading()
	t.m = clock.New(time.Now(), b)
	return t, nil
}

// rtc are the clocks of this machine, with the one that the board names.
func rtc(cfg *config.Config) Clocks {
	if f := cfg.Board.Front; f != nil {
		return sources.NewMachine(f.RTC)
	}
	return sources.NewMachine("")
}

// run names this run of the machine; empty: it cannot be told.
func (t *Time) run() string {
	if t.below == nil {
		return ""
	}
	id, _ := t.below.Boot()
	return id
}

// Dates makes a book that is dated by this clock.
func (t *Time) Dates(o book.Options) book.Options {
	o.Clock = string(t.State())
	o.Origin, o.Ahead = t.Origin()
	return o
}

// Now is what time it is.
func (t *Time) Now() time.Time { return t.At(time.Now()) }

// At is what time it was at an instant of this run. It has no monotonic reading.
func (t *Time) At(now time.Time) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.m.Time(now).In(now.Location())
}

// State is where the time comes from.
func (t *Time) State() clock.State {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.m.State()
}

// Origin is the instant that times are reckoned from, and by how much its clock was
// behind.
func (t *Time) Origin() (origin time.Time, ahead time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.m.Origin(), t.m.Ahead()
}

// Close saves the time for good.
func (t *Time) Close() error {
	if t.store == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Join(t.store.Save(t.m.Save(time.Now())), t.store.Close())
}

// leave gives the file back as it was: another may hold the data folder.
func (t *Time) leave() error { return t.store.Close() }

// keepTime begins to keep the time, with what the book knows of earlier boots.
func (h *House) keepTime(r Rooms) error {
	if h.clock = r.Time; h.clock == nil {
		h.clock = &Time{m: clock.New(h.started, clock.Begin{Build: written, System: clock.Reading{Wall: h.started.Round(0)},
			Forced: clock.State(r.Clock), Zone: h.cfg.Site.Location})}
	}
	if r.Time == nil && h.clock.m.Ahead() != 0 { // else the book was opened with it
		h.bookClock(h.started, clock.Changed{From: clock.Unset, To: h.clock.m.State(), Step: h.clock.m.Ahead(), Redate: true, Evidence: "the start"})
	}
	ctx := context.Background()
	known, err := h.book.LastKnown(ctx)
	if err != nil {
		return err
	}
	trusted, err := h.book.LastTrusted(ctx, string(clock.RTC), string(clock.ByHand), string(clock.NTP))
	if err != nil {
		return err
	}
	h.hearTime(time.Now(), clock.Past{Known: known, Trusted: trusted})
	return nil
}

// told carries what a port reports to the exchange. The date of a caller id is a
// clock where there is no better one.
func (h *House) told(id tel.PortID, ev port.Event) {
	if c, ok := ev.(port.CallerID); ok && c.Date.Known() {
		d := c.Date
		h.hearTime(time.Now(), clock.Caller{Port: string(id), Date: clock.CallDate{Month: int(d.Month), Day: int(d.Day), Hour: int(d.Hour), Minute: int(d.Minute)}})
	}
	h.exchange.Post(exchange.OnPort{Port: id, Event: ev})
}

// hearTime steps the clock. What it wants of the clocks below waits for the watch,
// for they may take their time.
func (h *House) hearTime(now time.Time, ev clock.Event) {
	t := h.clock
	var doubted []clock.Doubted
	defer func() { // the log asks the clock what time it is, so nothing is logged under the lock
		for _, d := range doubted {
			h.log.Warn("a clock is not believed", "source", d.Source, "says", d.Says.UTC(), "why", d.Why)
		}
	}()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ef := range t.m.Step(now, ev, nil) {
		switch ef := ef.(type) {
		case clock.Changed:
			h.bookClock(now, ef)
		case clock.Doubted:
			doubted = append(doubted, ef)
		case clock.SetSystem:
			t.wantSystem = true
		case clock.SetRTC:
			t.wantRTC = true
		}
	}
}

// bookClock books a change of the time and tells the loop.
func (h *House) bookClock(now time.Time, c clock.Changed) {
	how := call.BookStep
	if !c.Redate {
		how = call.BookDrift
	}
	h.book.Append(call.Fact{Kind: call.Clock, At: now, Port: tel.PortID(c.Port), Reason: string(c.To), State: how,
		Millis: c.Step.Milliseconds(), Node: string(c.From), Evidence: c.Evidence})
	if h.exchange != nil {
		h.exchange.Post(exchange.OnClock{Ahead: h.clock.m.Ahead()})
	}
}

// lookAtClock looks at the clocks below, sets them, and saves the time now and then.
func (h *House) lookAtClock(ctx context.Context, now time.Time) {
	t := h.clock
	if t.below == nil {
		return
	}
	r := t.below.Reading()
	h.hearTime(time.Now(), r)
	h.setBelow(ctx)
	if err := t.keep(now); err != nil {
		h.log.Warn("the time is not kept", "err", err)
	}
}

// keep saves the time when it is due; why it could not be is said once, until it can
// be again. Only the watch calls it, and nothing waits for the card meanwhile: whoever
// logs a line asks what time it is.
func (t *Time) keep(now time.Time) error {
	if now.Sub(t.kept) < keepEvery {
		return nil
	}
	t.kept = now
	t.mu.Lock()
	saved := t.m.Save(now)
	t.mu.Unlock()
	err := t.store.Save(saved)
	if err == nil {
		t.fail = ""
		return nil
	}
	if err.Error() == t.fail {
		return nil
	}
	t.fail = err.Error()
	return err
}

// setWithin is how long a helper may take to set a clock.
const setWithin = 3 * time.Second

// setBelow sets the clocks below, by ourselves where we may, by the helper where there
// is one. Where neither may, the time is kept beside them.
func (h *House) setBelow(ctx context.Context) {
	t := h.clock
	t.mu.Lock()
	system, rtc := t.wantSystem, t.wantRTC
	t.wantSystem, t.wantRTC = false, false
	t.mu.Unlock()
	if !system && !rtc {
		return
	}
	var err error
	if system {
		err = t.below.SetSystem(t.Now())
	}
	if rtc {
		err = errors.Join(err, t.below.SetRTC(t.Now()))
	}
	if err != nil && h.keeper.Present() {
		err = h.keeperSets(ctx, t.Now())
	}
	why := ""
	if err != nil {
		why = err.Error()
		h.log.Info("the clocks below stay as they are; ours is kept beside them", "err", err)
	}
	t.mu.Lock()
	t.set = why
	t.mu.Unlock()
}

// rtcPath is the clock with the battery that the board names; empty: it names none.
func (h *House) rtcPath() string {
	if h.cfg == nil || h.cfg.Board.Front == nil {
		return ""
	}
	return h.cfg.Board.Front.RTC
}

// keeperSets has the keeper set both clocks.
func (h *House) keeperSets(ctx context.Context, at time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, setWithin)
	defer cancel()
	var set chores.TimeSet
	if err := h.keeper.Do(ctx, chores.SetTime, chores.TimeAsked{At: at, RTC: h.rtcPath()}, nil, &set); err != nil {
		return err
	}
	if set.RTC != "" {
		h.log.Info("the clock with the battery is not set", "why", set.RTC)
	}
	return nil
}

// doubts are why a clock is not believed, in Spanish; they are written in English.
var doubts = map[clock.Doubt]string{
	clock.TooEarly: "antes de que se escribiera este programa", clock.TooLate: "un futuro imposible",
	clock.Behind: "antes de la última hora segura", clock.Contrary: "a más de un día de la hora segura",
}

// holdClock raises or clears the condition of a network that is not believed.
func (h *House) holdClock(now time.Time) {
	t := h.clock
	t.mu.Lock()
	told := t.m.Doubts(now)
	t.mu.Unlock()
	if len(told) == 0 {
		h.register.Clear(now, health.ClockDoubt(now, "", "").ID)
		return
	}
	d := told[0]
	h.register.Raise(now, health.ClockDoubt(d.Says.In(h.cfg.Site.Location).Truncate(time.Hour), cmp.Or(doubts[d.Doubt], string(d.Doubt)), string(d.Doubt)))
}

// Now is what time it is in the house.
func (h *House) Now() time.Time { return h.clock.Now() }
