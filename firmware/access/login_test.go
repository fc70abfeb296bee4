package access

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

const here, away = "192.168.1.20:4711", "192.168.1.66:999"

func TestLockOutOfAPerson(t *testing.T) {
	in(t, func(t *testing.T) {
		a, d, _, _ := owned(t)
		login := func(password, from string) error {
			_, err := a.Login(t.Context(), "ana", password, tel.DoorWeb, from)
			return err
		}
		for i := range 5 {
			if err := login("falsa falsa", fmt.Sprintf("10.0.0.%d", i)); !errors.Is(err, errDenied) { // from everywhere
				t.Fatalf("try %d: %v", i+1, err)
			}
		}
		for _, p := range []string{"falsa falsa", good} {
			if err := login(p, away); wait(err) != 30*time.Second {
				t.Errorf("locked: %v", err)
			}
		}
		if d.count(LockedOut) != 1 || d.count(WasRefused) != 5 {
			t.Errorf("booked %d lock-outs, %d refusals", d.count(LockedOut), d.count(WasRefused))
		}
		pass(30 * time.Second)
		if err := login("falsa falsa", away); !errors.Is(err, errDenied) {
			t.Fatal(err)
		}
		if err := login(good, away); wait(err) != time.Minute {
			t.Errorf("the second wait: %v", err)
		}
		for range 12 {
			pass(15 * time.Minute)
			_ = login("falsa falsa", "10.0.9.9")
		}
		if err := login(good, away); wait(err) != 15*time.Minute {
			t.Errorf("the longest wait: %v", err)
		}
		pass(15 * time.Minute)
		if err := login(good, away); err != nil {
			t.Errorf("after it: %v", err)
		}
		if err := login("falsa falsa", "10.0.0.77"); !errors.Is(err, errDenied) {
			t.Errorf("a success forgot nothing: %v", err)
		}
	})
}

// Whoever entered from a place is not locked out there by guesses from elsewhere,
// and never at the serial line.
func TestNobodyLocksAnotherOut(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _, _, _ := owned(t)
		login := func(password string, via tel.Door, from string) error {
			_, err := a.Login(t.Context(), "ana", password, via, from)
			return err
		}
		if err := login(good, tel.DoorWeb, here); err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			_ = login("falsa falsa", tel.DoorWeb, fmt.Sprintf("10.0.1.%d", i))
		}
		if err := login(good, tel.DoorWeb, away); wait(err) == 0 {
			t.Errorf("elsewhere: %v", err)
		}
		if err := login(good, tel.DoorWeb, here); err != nil {
			t.Errorf("where she entered before: %v", err)
		}
		if err := login(good, tel.DoorSerial, "ttyS0"); err != nil {
			t.Errorf("at the serial line: %v", err)
		}
	})
}

func TestASourceIsSlowedDown(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _, _, _ := owned(t)
		guess := func(i int, from string) error {
			_, err := a.Login(t.Context(), fmt.Sprintf("persona%d", i), "falsa falsa", tel.DoorWeb, from)
			return err
		}
		for i := range 10 {
			if err := guess(i, fmt.Sprintf("[2001:db8::%x]:99", i)); !errors.Is(err, errDenied) { // one /64
				t.Fatalf("guess %d: %v", i, err)
			}
		}
		if err := guess(11, "[2001:db8::ffff]:1"); wait(err) != time.Minute {
			t.Errorf("the same network: %v", err)
		}
		if err := guess(12, "[2001:db8:0:1::1]:1"); !errors.Is(err, errDenied) {
			t.Errorf("its neighbour: %v", err)
		}
		if _, err := a.Login(t.Context(), "ana", good, tel.DoorSSH, "2001:db8::1"); err != nil {
			t.Errorf("another door: %v", err)
		}
		judged := 0
		for end := time.Now().Add(24 * time.Hour); time.Now().Before(end); pass(20 * time.Second) {
			if err := guess(judged%50, "203.0.113.9:1"); errors.Is(err, errDenied) {
				judged++
			}
		}
		if judged > 45 {
			t.Errorf("%d guesses a day from one address", judged)
		}
	})
}

func TestTheSerialLineIsNeverLocked(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _, _, _ := owned(t)
		for range 200 {
			_, err := a.Login(t.Context(), "ana", "falsa falsa", tel.DoorSerial, "ttyS0")
			if wait(err) > 30*time.Second {
				t.Fatalf("%v", err)
			}
			pass(wait(err))
		}
		pass(30 * time.Second)
		if _, err := a.Login(t.Context(), "ana", good, tel.DoorSerial, "ttyS0"); err != nil {
			t.Error(err)
		}
	})
}

// A flood of names and places neither fills the memory nor frees a person under attack.
func TestAFloodWashesNoLockAway(t *testing.T) {
	now, g := time.Unix(1e9, 0), guard{}
	for range 8 {
		now = now.Add(g.wait(now, "person ana"))
		g.fail(now, "person ana", personRule)
	}
	locked := g.wait(now, "person ana")
	for i := range maxTries + 1000 {
		g.fail(now, fmt.Sprint("web ", i), sourceRule)
	}
	if len(g) > maxTries || g.wait(now, "person ana") != locked {
		t.Errorf("%d entries, the wait went from %s to %s", len(g), locked, g.wait(now, "person ana"))
	}
	later := now.Add(forget + time.Second)
	g.fail(later, "web new", sourceRule)
	if len(g) != 1 {
		t.Errorf("%d entries a day later", len(g))
	}
}

// An unknown name, an impossible one and a wrong password cost one hash of the same
// cost each, and get the same answer.
func TestUnknownNamesAreRefusedAlike(t *testing.T) {
	in(t, func(t *testing.T) {
		a, d, _, _ := owned(t)
		for _, c := range []struct{ name, password string }{{"ana", "falsa falsa"}, {"nadie", good}, {"", ""}, {"ñ ñ", good}, {"eva", strings.Repeat("x", 5000)}} {
			before := a.hasher.made.Load()
			_, err := a.Login(t.Context(), c.name, c.password, tel.DoorWeb, here)
			if !errors.Is(err, errDenied) || a.hasher.made.Load() != before+1 {
				t.Errorf("%.20q: %v, %d hashes", c.name, err, a.hasher.made.Load()-before)
			}
			if c.name != "ana" && d.last().Name != "" {
				t.Errorf("the book was told the name %q", d.last().Name)
			}
		}
		c, _, sum, err := parseHash(a.hasher.dummy)
		if err != nil || c != cheap || len(sum) != sumSize {
			t.Errorf("nobody's hash costs %+v, %v", c, err)
		}
		for range 5 {
			_, _ = a.Login(t.Context(), "nadie", "falsa falsa", tel.DoorWeb, fmt.Sprint("10.1.0.", rand.IntN(250)))
		}
		if _, err := a.Login(t.Context(), "nadie", "falsa falsa", tel.DoorWeb, away); wait(err) == 0 {
			t.Errorf("an unknown name is not locked as a known one: %v", err)
		}
	})
}

// A hundred guesses at the same instant are five guesses.
func TestGuessesAtOnceAreCounted(t *testing.T) {
	a, _, _, _ := owned(t)
	var judged atomic.Int32
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			if _, err := a.Login(t.Context(), "ana", "falsa falsa", tel.DoorWeb, fmt.Sprintf("10.0.%d.1", i)); errors.Is(err, errDenied) {
				judged.Add(1)
			}
		})
	}
	all.Wait()
	if judged.Load() > 5 {
		t.Errorf("%d of 100 guesses at once were judged", judged.Load())
	}
}

// S-22: two hundred log in at the same moment, half of them with accounts; at the
// real cost of a hash two are made at a time, and memory stays far below a board's.
func TestTwoHundredAtOnce(t *testing.T) {
	dir := t.TempDir()
	hash, err := newHasher(Cost{}).hash(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	var people []person
	for i := range 100 {
		people = append(people, person{Name: fmt.Sprintf("p%d", i), Role: tel.Owner, Hash: hash})
	}
	if err := save(filepath.Join(dir, FileName), people); err != nil {
		t.Fatal(err)
	}
	a := Open(dir, Options{})
	people = nil
	runtime.GC()
	var began, m runtime.MemStats
	runtime.ReadMemStats(&began)
	stop, peak := make(chan struct{}), uint64(0)
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
	})
	var fine, busy, none atomic.Int32
	var all sync.WaitGroup
	start := time.Now()
	for i := range 200 {
		all.Go(func() {
			_, err := a.Login(t.Context(), fmt.Sprintf("p%d", i), good, tel.DoorWeb, fmt.Sprintf("10.0.%d.1", i))
			switch {
			case err == nil && i < 100:
				fine.Add(1)
			case errors.Is(err, errBusy):
				busy.Add(1)
			case errors.Is(err, errDenied) && i >= 100:
				none.Add(1)
			default:
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	all.Wait()
	close(stop)
	watch.Wait()
	grown := (int64(peak) - int64(began.HeapInuse)) >> 20
	t.Logf("%d entered, %d refused, %d sent away after %s; the heap grew by %d MiB at most", fine.Load(), none.Load(), busy.Load(), time.Since(start).Round(time.Millisecond), grown)
	if grown > 160 {
		t.Errorf("200 log-ins at once took %d MiB", grown)
	}
	if fine.Load() == 0 || none.Load() == 0 {
		t.Errorf("%d entered, %d refused, %d sent away", fine.Load(), none.Load(), busy.Load())
	}
}

// A queue that is full, and a wait that is too long, send people away at once.
func TestTheQueueHasAnEnd(t *testing.T) {
	in(t, func(t *testing.T) {
		h := newHasher(cheap)
		for range hashSlots {
			h.slots <- struct{}{}
		}
		began := time.Now()
		if _, err := h.hash(t.Context(), good); !errors.Is(err, errBusy) || time.Since(began) != hashWait {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		h.waiting.Store(hashQueue)
		began = time.Now()
		if _, _, err := h.check(t.Context(), h.dummy, good); !errors.Is(err, errBusy) || time.Since(began) != 0 {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// A log-in that failed leaves nothing behind but the count (S-20).
func TestAFailedLoginChangesNothing(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _, _, _ := owned(t)
		before := fmt.Sprintf("%+v %d", a.People(), len(a.sessions))
		for range 3 {
			_, _ = a.Login(t.Context(), "ana", "falsa falsa", tel.DoorWeb, here)
		}
		if now := fmt.Sprintf("%+v %d", a.People(), len(a.sessions)); now != before {
			t.Errorf("%s became %s", before, now)
		}
	})
}

// Refusals do not fill the book: beyond a number an hour they are counted.
func TestRefusalsDoNotFillTheBook(t *testing.T) {
	in(t, func(t *testing.T) {
		a, d, _, _ := owned(t)
		for i := range 1000 {
			_, _ = a.Login(t.Context(), fmt.Sprint("n", i), "falsa falsa", tel.DoorWeb, fmt.Sprintf("10.%d.%d.1", i/250, i%250))
		}
		if n := d.count(WasRefused); n != refusalsAnHour {
			t.Errorf("%d of 1000 refusals booked", n)
		}
		pass(time.Hour)
		_, _ = a.Login(t.Context(), "uno", "falsa falsa", tel.DoorWeb, "10.200.0.1")
		if f := d.last(); f.What != WasRefused || f.Count != 1000-refusalsAnHour {
			t.Errorf("%+v", f)
		}
	})
}

// Strangers over SSH are booked one by one, some of each source, and then as a number
// once the hour is over, though nobody comes any more; a name that is no account is not
// written down.
func TestStrangersOverSSHAreBooked(t *testing.T) {
	in(t, func(t *testing.T) {
		a, d, _, _ := owned(t)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go a.Run(ctx)
		d.facts = nil
		for i := range 100 {
			a.Refused([]string{"root", "ana"}[i%2], "10.0.0.1:"+fmt.Sprint(1000+i))
		}
		a.Refused("admin", "10.0.0.2:22")
		if n := d.count(WasRefused); n != ofOneSource+1 {
			t.Errorf("%d booked", n)
		}
		if f := d.facts[0]; f.Name != "" || f.By != (tel.Who{Via: tel.DoorSSH}) || f.Detail != "key" {
			t.Errorf("%+v", f)
		}
		if f := d.facts[1]; f.Name != "ana" {
			t.Errorf("%+v", f)
		}
		for i := range 1000 {
			a.Refused("root", fmt.Sprintf("2001:db8:0:%x::1", i))
		}
		if n := d.count(WasRefused); n != refusalsAnHour {
			t.Errorf("%d booked", n)
		}
		_, _ = a.Login(ctx, "ana", "falsa falsa", tel.DoorWeb, away)
		if f := d.last(); f.By.Via != tel.DoorWeb {
			t.Errorf("the flood over SSH hides the pages': %+v", f)
		}
		pass(time.Hour + time.Second)
		if f := d.last(); f.What != WasRefused || f.Count != 1101-refusalsAnHour || f.By.Via != tel.DoorSSH {
			t.Errorf("%+v", f)
		}
		n := len(d.facts)
		pass(10 * time.Hour)
		if len(d.facts) != n {
			t.Errorf("booked again: %+v", d.last())
		}
	})
}

// A flood of names that lock themselves out does not fill the book either.
func TestLocksDoNotFillTheBook(t *testing.T) {
	in(t, func(t *testing.T) {
		a, d, _, _ := owned(t)
		for i := range 1000 {
			for range 5 {
				_, _ = a.Login(t.Context(), fmt.Sprint("n", i), "falsa falsa", tel.DoorWeb, fmt.Sprintf("10.%d.%d.1", i/250, i%250))
			}
		}
		if n := d.count(LockedOut); n != refusalsAnHour {
			t.Errorf("%d locks booked", n)
		}
	})
}

// Who has an account of his own cannot use it to guess at another's: his success takes
// back his own failures only.
func TestOwnLoginWipesOutNoGuesses(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _, _, ana := owned(t)
		ctx := t.Context()
		if err := a.Add(ctx, ana, "eva", tel.AgentRole, other, here); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Login(ctx, "ana", good, tel.DoorWeb, here); err != nil { // so she is spared from here
			t.Fatal(err)
		}
		judged := 0
		for range 40 {
			if _, err := a.Login(ctx, "ana", "falsa falsa", tel.DoorWeb, here); errors.Is(err, errDenied) {
				judged++
			}
			if _, err := a.Login(ctx, "eva", other, tel.DoorWeb, here); err != nil && wait(err) == 0 {
				t.Fatal(err)
			}
		}
		if judged != sourceRule.free {
			t.Errorf("%d guesses at ana", judged)
		}
		pass(time.Hour)
		if _, err := a.Login(ctx, "ana", good, tel.DoorWeb, here); err != nil {
			t.Error(err)
		}
		for range sourceRule.free - 1 {
			_, _ = a.Login(ctx, "ana", "falsa falsa", tel.DoorWeb, here)
		}
		if _, err := a.Login(ctx, "ana", good, tel.DoorWeb, here); err != nil {
			t.Errorf("her own failures were not taken back: %v", err)
		}
	})
}

// A password kept at another cost is kept at today's after the next log-in.
func TestTheCostIsRenewed(t *testing.T) {
	in(t, func(t *testing.T) {
		_, _, dir, _ := owned(t)
		dear := Cost{Memory: 16, Passes: 2, Lanes: 1}
		a := Open(dir, Options{Cost: dear})
		for range 2 {
			if _, err := a.Login(t.Context(), "ana", good, tel.DoorWeb, here); err != nil {
				t.Fatal(err)
			}
		}
		people, err := load(a.path)
		if err != nil {
			t.Fatal(err)
		}
		if c, _, _, err := parseHash(people[0].Hash); c != dear || err != nil {
			t.Errorf("cost %+v, %v", c, err)
		}
	})
}

func TestPasswordsAndNames(t *testing.T) {
	for p, ok := range map[string]bool{
		good: true, "corta": false, "nueveletr": false, "diezletras": true, "ññññáéíóúü": true, strings.Repeat("ab", 20): false, "aaaaaaaaaaaa": false,
		strings.Repeat("frase ", 40): false, "marianela1": false, "MARIANELA!!!": false, "marianelamarianela": false, "password123": false, "Contraseña2026": false,
		"1234567890": false, "solo minúsculas": true, "abc\xff\xfedefghijk": false, "           ": false,
	} {
		if err := CheckPassword("marianela", p); (err == nil) != ok {
			t.Errorf("%q: %v", p, err)
		}
	}
	for n, want := range map[string]string{"Ana": "ana", " ana.ruiz ": "ana.ruiz", "a": "a", "ana_2-x": "ana_2-x", "": "", "2ana": "", "josé": "", "ana ruiz": "", "socket": "", "NOBODY": "",
		strings.Repeat("a", 33): "", "ana\n": "ana", "../x": "", ".ana": ""} {
		if got, err := CleanName(n); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", n, got, err)
		}
	}
	for _, r := range []*Refusal{errDenied, errBusy, errRole, locked(90 * time.Second), wrongCode(2, 0), wrongCode(0, time.Minute), noSuch("x"), errLast} {
		if r.In(tel.Spanish) == r.In(tel.English) || r.ES == "" || slices.Contains([]string{r.ES}, r.Error()) {
			t.Errorf("%+v", r)
		}
	}
	if s := locked(90 * time.Second).EN; !strings.HasSuffix(s, "1:30") {
		t.Error(s)
	}
}
