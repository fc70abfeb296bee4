package life

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/tel"
)

// Folder is the name of the versions' folder in the data folder.
const Folder = "config"

// House is the running house, as its configuration's life needs it.
type House interface {
	// Swap makes the house work by a document while calls go on.
	Swap(ctx context.Context, n int, doc []byte) error
	// Await asks for a call of Idle as soon as the house is at rest, and withdraws
	// the question when n is 0. It does not block.
	Await(n int)
	// Restart asks the house to end so that a new one begins. It does not block.
	Restart(n int)
	// Tell writes what became of a version into the book.
	Tell(v Version, by Person)
}

// Life keeps the versions of one data folder. It outlives houses: a restart inside
// the process is no end of a trial, a new start of the program is.
type Life struct {
	log   *slog.Logger
	store store
	lock  *os.File // held while the folder is ours

	act sync.Mutex // one thing at a time is done

	mu      sync.Mutex // of what follows
	m       Machine
	house   House
	untold  []Tell // while there is no house
	timer   *time.Timer
	changed chan struct{} // closed at every change
}

// Open reads the versions of the data folder dir. What was being tried when the
// program ended is given up.
func Open(disk durable.Disk, dir string, log *slog.Logger) (*Life, error) {
	l := &Life{log: log, store: store{disk, filepath.Join(dir, Folder)}, changed: make(chan struct{})}
	if err := os.MkdirAll(l.store.dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot keep the configuration's versions: %w", err)
	}
	if err := l.hold(dir); err != nil {
		return nil, err
	}
	x, err := l.store.load()
	if err != nil {
		return nil, errors.Join(err, l.lock.Close())
	}
	l.m.Index = x
	if err := l.store.sweep(x); err != nil {
		log.Warn("rests of old configurations stay", "err", err)
	}
	return l, l.do(context.Background(), Boot{}, false)
}

// hold takes the folder for this process; the lock falls with it.
func (l *Life) hold(dir string) error {
	f, err := os.OpenFile(filepath.Join(l.store.dir, "lock"), os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, fileMode)
	if err != nil {
		return fmt.Errorf("cannot keep the configuration's versions: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("cannot use %s: another centralita holds it (%w); hint: stop it, or give this one its own --data folder", dir, err), f.Close())
	}
	l.lock = f
	return nil
}

// refusal is why something was not done, in both languages.
type refusal struct{ en, es string }

func (r *refusal) Error() string { return r.en }

// In returns the sentence in Spanish or, by default, in English.
func (r *refusal) In(lang tel.Lang) string {
	if lang == tel.Spanish {
		return r.es
	}
	return r.en
}

// do steps the machine and does what it wants, and what follows from that. With
// strict a change that cannot be saved is not made.
func (l *Life) do(ctx context.Context, ev Event, strict bool) error {
	l.act.Lock()
	defer l.act.Unlock()
	return l.step(ctx, ev, strict)
}

func (l *Life) step(ctx context.Context, ev Event, strict bool) error {
	todo := []Event{ev}
	for ; len(todo) > 0; todo = todo[1:] {
		l.mu.Lock()
		before := l.m
		before.Index = l.copied()
		out := l.m.Step(time.Now(), todo[0], nil)
		house := l.house
		l.mu.Unlock()
		for _, ef := range out {
			next, err := l.perform(ctx, house, ef)
			if err != nil && strict {
				l.mu.Lock()
				l.m = before
				l.mu.Unlock()
				return err
			}
			if err != nil {
				l.log.Error("the configuration's life", "err", err)
			}
			if next != nil {
				todo = append(todo, next)
			}
		}
		strict = false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arm()
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// perform does one effect; next is what follows from it.
func (l *Life) perform(ctx context.Context, house House, ef Effect) (next Event, err error) {
	switch ef := ef.(type) {
	case Refused:
		return nil, &refusal{ef.EN, ef.ES}
	case Save:
		x := l.Index()
		if err := l.store.save(x, l.log); err != nil {
			return nil, err
		}
		if err := l.store.sweep(x); err != nil {
			l.log.Warn("rests of old configurations stay", "err", err)
		}
	case Tell:
		l.tell(house, ef)
	case Swap:
		doc, err := l.Document(ef.N)
		if err == nil && house == nil {
			err = errors.New("no house is running")
		}
		if err == nil {
			err = house.Swap(ctx, ef.N, doc)
		}
		if err != nil {
			return Failed{err.Error()}, nil
		}
		return Applied{}, nil
	case Await:
		if house != nil {
			house.Await(ef.N)
		}
	case Restart:
		if house != nil {
			house.Restart(ef.N)
		}
	}
	return nil, nil
}

func (l *Life) tell(house House, t Tell) {
	if house != nil {
		house.Tell(t.Version, t.By)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.untold = append(l.untold, t)
}

// arm sets the timer of the machine's deadline. l.mu is held.
func (l *Life) arm() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if at, ok := l.m.Deadline(); ok {
		l.timer = time.AfterFunc(time.Until(at), func() {
			if err := l.do(context.Background(), TimedOut{}, false); err != nil {
				l.log.Error("the configuration's life", "err", err)
			}
		})
	}
}

// Close ends the timer and gives the folder back.
func (l *Life) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
	if l.lock == nil {
		return nil
	}
	err := l.lock.Close()
	l.lock = nil
	return err
}

// Attach says which house runs, nil for none, and tells it what happened before.
func (l *Life) Attach(h House) {
	l.mu.Lock()
	l.house = h
	var untold []Tell
	if h != nil {
		untold, l.untold = l.untold, nil
	}
	l.mu.Unlock()
	for _, t := range untold {
		h.Tell(t.Version, t.By)
	}
}

// Index returns what is known of the versions.
func (l *Life) Index() Index {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.copied()
}

// copied returns a copy of the index. l.mu is held.
func (l *Life) copied() Index {
	x := l.m.Index
	x.Versions = slices.Clone(x.Versions)
	if x.Trial != nil {
		t := *x.Trial
		x.Trial = &t
	}
	if x.Draft != nil {
		d := *x.Draft
		x.Draft = &d
	}
	return x
}

// Status returns the index, the number in use and whether the one before is still
// being put back.
func (l *Life) Status() (x Index, inUse int, returning bool) {
	x = l.Index()
	l.mu.Lock()
	defer l.mu.Unlock()
	return x, l.m.InUse(), l.m.Returning()
}

// Document returns the document of a version.
func (l *Life) Document(n int) ([]byte, error) {
	x := l.Index()
	v, ok := x.Version(n)
	if !ok {
		return nil, &refusal{fmt.Sprintf("there is no version %d; config versions lists them", n), fmt.Sprintf("no hay versión %d; config versions las enumera", n)}
	}
	return l.store.get(v.Digest)
}

// Draft returns the document that is being edited; ok is false when there is none.
func (l *Life) Draft() (doc []byte, ok bool, err error) {
	x := l.Index()
	if x.Draft == nil {
		return nil, false, nil
	}
	doc, err = l.store.get(x.Draft.Digest)
	return doc, err == nil, err
}

// Candidates returns the numbers a start may use, the best first: what a restart
// is to use, the confirmed one, those that were confirmed before it.
func (l *Life) Candidates() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []int
	if t := l.m.Trial; t != nil {
		out = append(out, t.N)
	}
	if l.m.Confirmed != 0 {
		out = append(out, l.m.Confirmed)
	}
	for _, v := range slices.Backward(l.m.Versions) {
		if v.State == Former {
			out = append(out, v.N)
		}
	}
	return out
}

// Take makes doc the confirmed version without a trial.
func (l *Life) Take(doc []byte, from, file string, by Person) error {
	l.act.Lock()
	defer l.act.Unlock()
	digest, err := l.store.put(doc)
	if err != nil {
		return err
	}
	return l.step(context.Background(), Take{Version{By: by, From: from, Digest: digest}, file}, true)
}

// Edit makes doc the draft; nil throws it away.
func (l *Life) Edit(doc []byte, by Person) error {
	l.act.Lock()
	defer l.act.Unlock()
	d := Draft{By: by, At: time.Now()}
	if doc != nil {
		digest, err := l.store.put(doc)
		if err != nil {
			return err
		}
		d.Digest = digest
		x, inUse, _ := l.Status()
		if d.Base = inUse; x.Draft != nil {
			d.Base = x.Draft.Base
		}
	}
	return l.step(context.Background(), Edit{d}, true)
}

// Try puts doc to use until somebody confirms it. The number is that of the new
// version; whether it could be used is told by its state.
func (l *Life) Try(ctx context.Context, doc []byte, v Version, wait time.Duration, idle bool) (Version, error) {
	l.act.Lock()
	defer l.act.Unlock()
	digest, err := l.store.put(doc)
	if err != nil {
		return Version{}, err
	}
	v.Digest = digest
	if err := l.step(ctx, Try{v, wait, idle}, true); err != nil {
		return Version{}, err
	}
	x := l.Index()
	tried, _ := x.Version(x.Last)
	return tried, nil
}

// Confirm keeps what is tried.
func (l *Life) Confirm(by Person) error { return l.do(context.Background(), Confirm{by}, true) }

// GiveUp puts the confirmed version back.
func (l *Life) GiveUp(ctx context.Context, by Person, why string) error {
	return l.do(ctx, GiveUp{by, why}, true)
}

// Idle says that the house is at rest, as Await asked.
func (l *Life) Idle() error { return l.do(context.Background(), Idle{}, false) }

// Stands says that a house began that works by version n, 0 by the one asked for. While it began the time of a
// trial may have run out, with no house to take the version before back: then it is one
// that was given up, and starts anew when idle.
func (l *Life) Stands(n int) error {
	l.act.Lock()
	defer l.act.Unlock()
	var ev Event = Applied{}
	l.mu.Lock()
	if l.m.Returning() && n != 0 && n != l.m.Confirmed {
		ev = Failed{fmt.Sprintf("the house began by version %d", n)}
	}
	l.mu.Unlock()
	return l.step(context.Background(), ev, false)
}

// Failed says that none could begin.
func (l *Life) Failed(why string) error {
	return l.do(context.Background(), Failed{why}, false)
}

// Began says that a house works by version n, and why by none that is better.
func (l *Life) Began(n int, why string) error {
	return l.do(context.Background(), Began{n, why}, false)
}

// Changed is closed at the next change.
func (l *Life) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Find returns a version.
func (l *Life) Find(n int) (Version, bool) {
	x := l.Index()
	return x.Version(n)
}
