package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/sipua/screen"
	"github.com/centralita/centralita/firmware/wipe"
)

// restart is the end of a house after which another one begins in the same process.
type restart struct {
	why string
	err error // what went wrong at the end
}

func (r *restart) Error() string { return "the house starts anew: " + r.why }
func (r *restart) Unwrap() error { return r.err }

func (c *runCmd) run(stdout, stderr io.Writer) int {
	c.reports = c.confined()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(screen.QuietLog(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err := c.lives(ctx, log, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
		return console.NotFine
	}
	return console.Fine
}

// lives runs houses until one ends for good; a factory reset begins anew with none of
// the data.
func (c *runCmd) lives(ctx context.Context, log *slog.Logger, stdout, stderr io.Writer) error {
	c.seats = &seats{}
	for {
		err := c.houses(ctx, log, stdout, stderr)
		if !errors.Is(err, errErase) {
			return errors.Join(err, c.seats.close())
		}
		c.seats.vacate()
	}
}

// errErase ends the houses so that the data folder can be erased before others begin.
var errErase = errors.New("the data folder is to be erased")

// houses runs one house after the other until one ends for good.
func (c *runCmd) houses(ctx context.Context, log *slog.Logger, stdout, stderr io.Writer) error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("cannot make the data folder: %w", err)
	}
	if _, err := wipe.Finish(c.Data); err != nil {
		return err
	}
	log, closeLog, err := c.openLog(log, stderr)
	if err != nil {
		return err
	}
	defer closeLog()
	l, err := life.Open(durable.Disk{}, c.Data, log)
	if err != nil {
		return err
	}
	if l, err = c.restored(l, log); err == nil {
		err = c.adopt(l, log, stderr)
	}
	c.priority = hurry()
	for again := true; again && err == nil; {
		if again, err = c.one(ctx, l, log, stdout, stderr); !again {
			break
		}
		if wipe.Asked(c.Data) {
			if err := l.Close(); err != nil {
				log.Error("the configuration's life", "err", err)
			}
			return errErase
		}
		l, err = c.restored(l, log)
	}
	return errors.Join(err, l.Close())
}

// openLog opens the journal of the program, for all its houses.
func (c *runCmd) openLog(log *slog.Logger, stderr io.Writer) (_ *slog.Logger, closeLog func(), err error) {
	j, keep, err := openJournal(c.Data)
	if err != nil {
		return nil, nil, err
	}
	kept, stop := context.WithCancel(context.Background())
	var keeping sync.WaitGroup
	keeping.Go(func() {
		if err := keep(kept); err != nil {
			fmt.Fprintln(stderr, "centralita:", err)
		}
	})
	c.journal = j
	return j.join(log), func() { stop(); keeping.Wait() }, nil
}

// one opens a house and runs it to its end; again says that another one is to follow.
func (c *runCmd) one(ctx context.Context, l *life.Life, log *slog.Logger, stdout, stderr io.Writer) (again bool, err error) {
	began := time.Now()
	h, err := c.open(ctx, l, log, stderr)
	if err != nil {
		if ctx.Err() != nil {
			err = nil // it was to end while it began
		}
		return false, err
	}
	if err := c.seats.close(); err != nil { // nobody sits there in this house
		log.Warn("a serial console of the house before", "err", err)
	}
	c.follows = true
	if c.built != nil {
		c.built(h)
	}
	err = h.Run(ctx, func() { h.greet(stdout, c.Data, time.Since(began)) })
	over, ok := errors.AsType[*restart](err)
	if !ok {
		return false, err
	}
	if ctx.Err() != nil {
		return false, over.err
	}
	if over.err != nil {
		log.Error("the house ended badly", "err", over.err)
	}
	return true, nil
}

// fromFile is who brings a version in by --config.
var fromFile = life.Person{Name: "file"}

// adopt sees to it that there is a version: a file of the command line that is not
// the one last taken over becomes the newest; without any, the factory's is used.
func (c *runCmd) adopt(l *life.Life, log *slog.Logger, stderr io.Writer) error {
	none := len(l.Candidates()) == 0
	if c.Config == "" {
		if !none {
			return nil
		}
		doc, err := factory()
		if err != nil {
			return err
		}
		return l.Take(doc, "factory", "", life.System)
	}
	doc, err := config.ReadFile(c.Config)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", c.Config, err)
	}
	digest := life.Digest(doc)
	if l.Index().Taken == digest && !none {
		return nil
	}
	pack, err := prompts(c.Data, log)
	if err != nil {
		return err
	}
	if _, problems := config.Parse(c.Config, doc, pack.Has); len(problems) > 0 {
		for _, p := range problems {
			fmt.Fprintln(stderr, p)
		}
		why := fmt.Errorf("cannot use %s: %d problems", c.Config, len(problems))
		if none {
			return why
		}
		log.Error("the configuration before stays", "why", why)
		return nil
	}
	return l.Take(doc, "file "+c.Config, digest, fromFile)
}

// open builds a house by the best version there is. A version that was to be tried
// and does not stand is given up.
func (c *runCmd) open(ctx context.Context, l *life.Life, log *slog.Logger, stderr io.Writer) (*House, error) {
	var errs []error
	for _, n := range l.Candidates() {
		h, err := c.build(ctx, l, n, log, stderr)
		if err == nil && len(errs) > 0 {
			if err := l.Began(n, errs[0].Error()); err != nil {
				log.Error("the configuration's life", "err", err)
			}
		}
		if err == nil {
			return h, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		errs = append(errs, fmt.Errorf("version %d: %w", n, err))
		x, _, _ := l.Status()
		tried := x.Trial != nil && x.Trial.N == n
		if !tried && !errors.As(err, new(*unusable)) {
			return nil, err // a port that is taken is taken for the versions before too
		}
		log.Error("a version of the configuration cannot be used", "version", n, "err", err)
		if tried {
			if err := l.Failed(err.Error()); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return nil, errors.Join(errs...)
}

// unusable is a version that itself is at fault.
type unusable struct{ error }

// build builds a house by version n.
func (c *runCmd) build(ctx context.Context, l *life.Life, n int, log *slog.Logger, stderr io.Writer) (*House, error) {
	pack, err := prompts(c.Data, log)
	if err != nil {
		return nil, err
	}
	doc, err := l.Document(n)
	if err != nil {
		return nil, &unusable{err}
	}
	cfg, problems := config.Parse(c.name(l, n), doc, pack.Has)
	for _, p := range problems {
		fmt.Fprintln(stderr, p)
	}
	if len(problems) > 0 {
		return nil, &unusable{fmt.Errorf("cannot use the configuration: %d problems, the first: %s", len(problems), problems[0])}
	}
	if err := c.override(cfg); err != nil {
		return nil, err
	}
	secrets, err := secret.Open(c.Data)
	if err != nil {
		return nil, err
	}
	clock, err := OpenTime(c.Data, rtc(cfg), cfg.Site.Location, log)
	if err != nil {
		return nil, err
	}
	b, err := book.Open(ctx, c.Data, clock.Dates(book.Options{Site: cfg.Site.ID, Version: Version, Location: cfg.Site.Location, Log: log}))
	if err != nil {
		return nil, fmt.Errorf("%w%s", err, closing(clock.leave()))
	}
	out, err := Listen(cfg, c.Data)
	if err != nil {
		return nil, fmt.Errorf("%w%s", err, closing(errors.Join(b.Close(), clock.leave())))
	}
	return New(Rooms{Config: cfg, Time: clock, Journal: c.journal, Dir: c.Data, Book: b, Secrets: secrets, Prompts: pack, Life: l, Version: n, Override: c.override, Reports: append([]board.Report{c.priority}, c.reports...), Keeper: keeperAt(c.Keeper), Follows: c.follows, Seats: c.seats, Log: log}, out)
}

// name is what problems of version n are told of: the file it was taken from,
// beside which other files that it names may stand.
func (c *runCmd) name(l *life.Life, n int) string {
	x := l.Index()
	if v, ok := x.Version(n); ok && c.Config != "" && v.Digest == x.Taken {
		return c.Config
	}
	return versionName(c.Data, n)
}

// override puts the addresses of the command line over those of cfg.
func (c *runCmd) override(cfg *config.Config) (err error) {
	for _, o := range []struct {
		flag, value string
		to          *netip.AddrPort
	}{{"sip", c.SIP, &cfg.Listen.SIP}, {"web", c.Web, &cfg.Listen.Web}, {"https", c.HTTPS, &cfg.Listen.HTTPS}} {
		if o.value == "" {
			continue
		}
		if *o.to, err = netip.ParseAddrPort(o.value); err != nil {
			return fmt.Errorf("cannot use --%s %q: %w; it is HOST:PORT with a numeric host", o.flag, o.value, err)
		}
	}
	if c.Web != "" && c.HTTPS == "" {
		cfg.Listen.HTTPS = netip.AddrPortFrom(cfg.Listen.HTTPS.Addr(), config.TLSPort(cfg.Listen.Web.Port()))
	}
	return nil
}
