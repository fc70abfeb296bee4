package update

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/rollout"
	"github.com/centralita/centralita/firmware/update/slotkeeper"
	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/firmware/update/trial"
	"github.com/centralita/centralita/hal/slot"
	"github.com/centralita/centralita/hal/slot/slottest"
)

// box is a machine in memory: slots, boot rule, keeper, and a house on it.
type box struct {
	t     *testing.T
	dir   string
	disk  *slottest.Fake
	site  *site
	stick string // folder of a USB stick; empty: none

	mu      sync.Mutex
	keeper  *slotkeeper.Keeper // nil: there is none
	up      *Updater
	stop    context.CancelFunc
	booted  slot.Start
	boots   int
	calls   int
	sick    map[trial.Check]bool // fails
	hung    map[trial.Check]bool // never answers
	events  []string
	trusted bool
	deaf    int           // restarts that fail
	mute    bool          // the boot loader cannot keep its record
	freed   chan struct{} // lets what hangs go on
	auto    rollout.Settings
	url     string
}

var technician = tel.Who{Name: "ana", Role: tel.Technician, Via: tel.DoorSerial}

// newBox is a box that runs 0.9.4 (4) from slot a. It is to be used in a bubble.
func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{t: t, dir: t.TempDir(), disk: slottest.NewFake(1 << 20), site: &site{tag: `"1"`}, sick: map[trial.Check]bool{}, hung: map[trial.Check]bool{}, freed: make(chan struct{}),
		trusted: true, auto: rollout.Settings{Site: "salta-1", Ring: ctl.Broad, Location: time.UTC}}
	img := testImage("0.9.4", 1000)
	w, err := b.disk.Write(slot.A)
	if err == nil {
		_, err = w.Write(img)
	}
	if err == nil {
		err = b.disk.Keep(slot.Record{Good: slot.A, Floor: 1, A: slot.Image{Number: 4, Version: "0.9.4", Floor: 1, Size: int64(len(img)), Sum: testSum(img)}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testSum(b []byte) [32]byte { return sha256.Sum256(b) }

// Present implements Keeper.
func (b *box) Present() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.keeper != nil }

// Do implements Keeper, by JSON both ways as over the socket.
func (b *box) Do(ctx context.Context, name string, params any, onProgress func(json.RawMessage), result any) error {
	b.mu.Lock()
	k := b.keeper
	b.mu.Unlock()
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	reply, err := k.Handlers()[name](ctx, raw, func(p any) {
		if raw, err := json.Marshal(p); err == nil && onProgress != nil {
			onProgress(raw)
		}
	})
	if err != nil {
		return err
	}
	if raw, err = json.Marshal(reply); err != nil {
		return err
	}
	return json.Unmarshal(raw, result)
}

// Each implements slotkeeper.Sticks.
func (b *box) Each(_ context.Context, f func(device, dir string) (bool, error)) error {
	if b.stick == "" {
		return errors.New("cannot find a USB stick")
	}
	_, err := f("sda1", b.stick)
	return err
}

// boot starts the machine by the boot loader's rule.
func (b *box) boot() {
	b.t.Helper()
	if b.stop != nil {
		b.stop()
		synctest.Wait()
	}
	r, err := b.disk.Record()
	keep := b.disk.Keep
	if b.mute {
		keep = func(slot.Record) error { return errors.New("the card does not answer") }
	}
	b.booted = slot.Boot(r, err == nil, func(slot.ID) bool { return true }, keep)
	b.boots++
	k, err := slotkeeper.New(slotkeeper.Config{Disk: b.disk, Keys: testKeys(), Board: "qemu", Boot: 1, Running: b.booted.Slot, Trial: b.booted.Trial,
		Inbox: b.dir, Sticks: b, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.t.Fatal(err)
	}
	b.mu.Lock()
	b.keeper = k
	b.mu.Unlock()
	b.house()
}

// house starts the program.
func (b *box) house() {
	b.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	checks := map[trial.Check]func(context.Context) error{}
	for _, c := range trial.Checks {
		checks[c] = func(ctx context.Context) error { return b.answer(ctx, c) }
	}
	var err error
	b.up, err = New(Config{
		Keeper: b, Dir: b.dir, Keys: testKeys(), Client: &http.Client{Transport: b.site}, URL: b.url, Auto: b.auto, Version: "x", Started: time.Now(), Boot: fmt.Sprint(b.boots), Booted: time.Now,
		Trusted: func() bool { return b.trusted },
		Calls:   func() int { b.mu.Lock(); defer b.mu.Unlock(); return b.calls },
		Ports:   func() int { return 4 },
		Idle:    b.idle, Reboot: b.reboot, Checks: checks,
		Book: func(who tel.Who, what, detail string) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.events = append(b.events, who.Name+": "+what+": "+detail)
		},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	u := b.up
	go func() {
		if err := u.Run(ctx); err != nil {
			b.t.Error(err)
		}
	}()
	b.t.Cleanup(stop)
}

func (b *box) answer(ctx context.Context, c trial.Check) error {
	b.mu.Lock()
	sick, hung := b.sick[c], b.hung[c]
	b.mu.Unlock()
	switch {
	case hung:
		<-b.freed
	case sick:
		return errors.New("it is broken")
	}
	return ctx.Err()
}

func (b *box) idle(ctx context.Context) error {
	for {
		b.mu.Lock()
		n := b.calls
		b.mu.Unlock()
		if n == 0 {
			return nil
		}
		if !wait(ctx, time.Second) {
			return context.Cause(ctx)
		}
	}
}

// reboot restarts the machine; the program of before ends.
func (b *box) reboot(context.Context, string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deaf > 0 {
		b.deaf--
		return errors.New("the keeper is not there")
	}
	if n := len(b.events); n == 0 || b.events[n-1] != "reboot" { // it is going down
		b.events = append(b.events, "reboot")
	}
	return nil
}

// take returns and forgets what was booked; a reboot that was asked for happens.
func (b *box) take() string {
	synctest.Wait()
	b.mu.Lock()
	out := strings.Join(b.events, "\n")
	b.events = nil
	b.mu.Unlock()
	if strings.HasSuffix(out, "reboot") {
		b.boot()
	}
	return out
}

func (b *box) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// expect lets d pass and compares what was booked.
func (b *box) expect(d time.Duration, want ...string) {
	b.t.Helper()
	b.pass(d)
	if got := b.take(); got != strings.Join(want, "\n") {
		b.t.Errorf("booked\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func (b *box) state() slotwire.State {
	b.t.Helper()
	s, err := b.up.Slots(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// notice returns the ids of what is told, and the last text.
func (b *box) notice() (ids, es, hint string) {
	for _, n := range b.up.Notices() {
		ids, es, hint = strings.TrimSpace(ids+" "+n.ID), n.ES, n.HintES
	}
	return ids, es, hint
}

// serves changes what the site has.
func (b *box) serves(file []byte) {
	b.site.mu.Lock()
	defer b.site.mu.Unlock()
	b.site.file = file
}

// talk sets how many calls go on.
func (b *box) talk(calls int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = calls
}

// heal lets all checks pass again.
func (b *box) heal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.sick)
	clear(b.hung)
	close(b.freed)
}
