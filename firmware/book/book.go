package book

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/centralita/centralita/firmware/call"
)

// Limits of the writer.
const (
	GroupTime  = 100 * time.Millisecond // a fact waits at most this long for company before it is written
	GroupSize  = 500                    // this many facts are written at once
	MaxPending = 200_000                // facts kept in memory while the disk refuses (about 100 MB)

	retryTime = time.Second      // between tries while the disk refuses
	markCall  = time.Second      // the boot is marked alive this often while a call is open
	markAgent = 30 * time.Second // and this often while only agents are logged in
)

// Options say whose book it is.
type Options struct {
	Site    string // in the rows sent upstream
	Version string // of this program; stands in the fact that a boot began
	Clock   string // state of the wall clock at start: "ntp", "rtc", "restored", "unset"; empty: "unknown"
	// Origin is the instant that Ahead counts from, with its monotonic reading; zero: the
	// start of the book. Times are booked by it and not by what becomes of the system's
	// clock meanwhile: every step of the time is a fact of its own.
	Origin   time.Time
	Ahead    time.Duration  // of the right time over the origin's clock
	Location *time.Location // of times said in evidence; nil: the system's
	Log      *slog.Logger   // nil: nothing is logged

	unsafe bool // nothing is synced to the disk: for tests that make many books
}

// Book is the book held for writing. Its methods may be called from any
// goroutine.
type Book struct {
	reader
	dir   string
	opt   Options
	lock  *os.File
	db    *sql.DB // one connection, used by the writer only (and before it starts)
	boot  uint64
	start time.Time // origin of the monotonic clock of this boot
	wake  chan struct{}
	stop  chan struct{}
	done  chan struct{}

	mu        sync.Mutex
	pending   []call.Fact
	since     time.Time // when the oldest pending fact came
	jobs      []*job
	hurry     bool
	closed    bool
	appended  uint64 // facts taken in, ever
	committed uint64 // of those, facts that are durable or were refused for good
	state     State
	changed   chan struct{} // closed and replaced at each commit

	// The writer's own.
	head   head
	clock  string
	ahead  time.Duration // of the time that is booked over the origin's clock
	marked time.Time     // last durable mark
	calls  int           // open now
	agents int
	retry  time.Time // not before, after an error
}

// head is the last row of the chain.
type head struct {
	seq  uint64
	hash []byte
}

// job is work for the writer that needs a transaction of its own.
type job struct {
	do   func(context.Context, *sql.Tx) error
	done chan error
}

// State is how the writer does.
type State struct {
	Last    uint64    // last durable number
	Pending int       // facts in memory, not yet durable
	Lost    uint64    // facts dropped: more than MaxPending waited, or the fact cannot be written
	Err     error     // why the last write failed; nil when it did not
	Since   time.Time // of the first failure in a row
	Failed  uint64    // writes that failed, ever: a writer that tries lives
	Missing uint64    // numbers among the last lately that had no row when the book was opened
}

// Open takes the data folder for this process, brings the book to the newest
// form, closes what the last boot left open with cause "power lost", and begins
// a new boot. It fails when another process holds the folder, and with a hint
// when the folder is not one, is read-only, or the disk is full.
func Open(ctx context.Context, dir string, opt Options) (*Book, error) {
	b, err := openIdle(ctx, dir, opt)
	if err == nil {
		go b.run()
	}
	return b, err
}

// openIdle is Open without the writer.
func openIdle(ctx context.Context, dir string, opt Options) (*Book, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, folderError(dir, err)
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Location == nil {
		opt.Location = time.Local
	}
	if opt.Clock == "" {
		opt.Clock = "unknown"
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	b := &Book{
		dir: dir, opt: opt, lock: lock, start: time.Now(), clock: opt.Clock, ahead: opt.Ahead,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), changed: make(chan struct{}),
	}
	if err := b.openFile(ctx); err != nil {
		return nil, errors.Join(folderError(dir, err), b.closeFiles())
	}
	return b, nil
}

func (b *Book) openFile(ctx context.Context) error {
	if err := private(filepath.Join(b.dir, FileName)); err != nil {
		return err
	}
	var err error
	sync := "synchronous(FULL)"
	if b.opt.unsafe {
		sync = "synchronous(OFF)"
	}
	b.db, err = sql.Open("sqlite", dsn(b.dir, "journal_mode(WAL)", sync, "secure_delete(ON)")+"&_txlock=immediate")
	if err != nil {
		return err
	}
	b.db.SetMaxOpenConns(1)
	if err := migrate(ctx, b.db); err != nil {
		return err
	}
	if b.reader.db, err = openReader(b.dir, "mode=ro"); err != nil {
		return err
	}
	return b.begin(ctx)
}

// private makes the file for this user only, when there is none; the files that
// SQLite puts beside it take its mode.
func private(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // never opened by other means than SQLite's
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func (b *Book) closeFiles() error {
	var errs []error
	if b.reader.db != nil {
		errs = append(errs, b.reader.db.Close())
	}
	if b.db != nil {
		errs = append(errs, b.db.Close())
	}
	return errors.Join(append(errs, b.lock.Close())...)
}

// Boot returns the number of this start, 1 for the first.
func (b *Book) Boot() uint64 { return b.boot }

// Site returns the name the rows go upstream under.
func (b *Book) Site() string { return b.opt.Site }

// Append takes in one fact. It never blocks; the writer numbers facts in the
// order of Append and makes them durable within 200 ms. A zero At is now.
func (b *Book) Append(f call.Fact) {
	if f.At.IsZero() {
		f.At = time.Now()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || len(b.pending) >= MaxPending {
		b.state.Lost++
		return
	}
	if len(b.pending) == 0 {
		b.since = time.Now()
		defer b.poke()
	}
	b.pending = append(b.pending, f)
	b.appended++
	if len(b.pending) == GroupSize {
		b.poke()
	}
}

// poke wakes the writer; one poke is as good as many.
func (b *Book) poke() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// State returns how the writer does.
func (b *Book) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.state
	s.Pending = len(b.pending)
	return s
}

// Last returns the last durable number, 0 for an empty book.
func (b *Book) Last() uint64 { return b.State().Last }

// Changed returns a channel that is closed when more rows become durable. Take
// it before reading Last or Rows, then wait on it.
func (b *Book) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// Flush waits until everything appended before the call is durable.
func (b *Book) Flush(ctx context.Context) error {
	b.mu.Lock()
	target := b.appended
	b.mu.Unlock()
	for {
		b.mu.Lock()
		done, changed, err := b.committed >= target, b.changed, b.state.Err
		b.hurry = !done
		b.mu.Unlock()
		if done {
			return nil
		}
		b.poke()
		select {
		case <-changed:
		case <-b.done:
			return errors.New("cannot flush the book: it is closed")
		case <-ctx.Done():
			return fmt.Errorf("cannot flush the book: %w", errors.Join(context.Cause(ctx), err))
		}
	}
}

// Close writes what is pending, releases the folder and ends the writer. Facts
// that a refusing disk kept out are lost with it, and the error counts them.
func (b *Book) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		<-b.done
		return nil
	}
	b.closed = true
	b.mu.Unlock()
	close(b.stop)
	<-b.done
	s := b.State()
	var lost error
	if s.Pending > 0 {
		lost = fmt.Errorf("cannot write the last %d facts of the book: %w", s.Pending, s.Err)
	}
	return errors.Join(lost, b.closeFiles())
}

// newSalt returns fresh random bytes.
func newSalt() []byte {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails: the program ends when the system has no randomness
	return salt
}

// notABook reports whether SQLite says that the file is not one of its own, or
// no longer.
func notABook(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xFF == sqlite3.SQLITE_NOTADB || e.Code()&0xFF == sqlite3.SQLITE_CORRUPT)
}

// fullDisk reports whether SQLite says that there is no room.
func fullDisk(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xFF == sqlite3.SQLITE_FULL
}
