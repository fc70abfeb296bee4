package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/sim"
	"github.com/centralita/centralita/board/simpanel"
	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/firmware/media/rtpleg"
	"github.com/centralita/centralita/firmware/panel"
	"github.com/centralita/centralita/firmware/prompt"
	"github.com/centralita/centralita/firmware/sipua"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/trace"
	"github.com/centralita/centralita/firmware/update"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/web"
	"github.com/centralita/centralita/firmware/web/metrics"
	"github.com/centralita/centralita/hal/port"
)

// Version of the program; set by the build.
var Version = "0.1.0"

// Times of the farewell; together below the five seconds that we promise.
const (
	callsFarewell = 1500 * time.Millisecond
	sipFarewell   = 1500 * time.Millisecond
	bookFarewell  = 1500 * time.Millisecond
)

// House is the whole appliance.
type House struct {
	cfg     *config.Config // of the start; conf is the present one
	present atomic.Pointer[config.Config]
	taking  sync.Mutex // a configuration or secrets over
	dir     string     // data folder
	out     *Outside
	address atomic.Pointer[netip.AddrPort] // where we are, since that changed
	lacks   atomic.Pointer[[]netip.Addr]   // where we listen and the machine is not; nil: it was not looked yet
	log     *slog.Logger
	started time.Time
	shards  int

	secrets  *secret.Store
	book     *book.Book
	prompts  *prompt.Pack
	board    *board.Board
	sim      *sim.Board      // nil: none
	hardware []view.Hardware // under real.lock; never changed in place
	wires    wiring
	pumps    map[tel.PortID]*portleg.Pump
	recorder *recorder
	profiles *profiles
	idle     []port.Port // that nothing is wired to
	engine   *media.Engine
	audio    *audio
	exchange *exchange.Exchange
	sip      *sipua.Agent
	store    view.Store
	register health.Register
	checks   *health.Checks
	signs    signs
	dog      kennel
	machine  atomic.Pointer[view.Machine] // nil: it is not looked at
	metrics  http.Handler
	tardy    atomic.Int64
	stutters atomic.Bool
	ended    endings
	front    *simpanel.Panel
	panel    *panel.Panel
	held     atomic.Pointer[view.Held] // nil: no button is
	alerts   map[tel.CallID]uint64     // emergency calls → the row that tells of them; of the loop alone
	follows  bool                      // another house was before in this process
	real     realFront
	uplinks  upstream
	syslog   farLog
	web      *web.Server
	clock    *Time
	journal  *Journal
	doors    doors
	consoles []*serialDoor
	seats    *seats // nil: serial lines end with the house
	ssh      sshDoor
	life     *life.Life // nil: versions are not kept
	override func(*config.Config) error
	again    chan string
	version  int      // of life, at the start
	awaiting awaiting // a version of the configuration waits for an idle house
	restores awaiting // a backup does
	order    *restartOrder
	keeper   *keeper.Client
	updates  *update.Updater
	proof    proof
	booted   time.Time // the machine; zero: it is asked
	legs     atomic.Uint64
	calls    atomic.Uint64
}

// Rooms is what a house needs that must exist before its sockets are opened.
type Rooms struct {
	Config  *config.Config
	Clock   string   // what somebody vouches for of the system's clock, as view.Snapshot has it; empty: nobody does
	Time    *Time    // what time it is; nil: by the system's clock and Clock alone
	Journal *Journal // that Log goes to as well; nil: a new one, in memory
	Dir     string   // data folder, exists
	Book    *book.Book
	Secrets *secret.Store
	Prompts *prompt.Pack
	Life    *life.Life // of the configuration; nil: versions are not kept
	Version int        // which of them Config is; 0: the one that is to be used
	// Override puts what the command line says over a configuration; nil: nothing.
	Override func(*config.Config) error
	Reports  []board.Report // of what was looked at before
	Keeper   *keeper.Client // with root's rights; nil: there is none
	Seats    *seats         // from house to house; nil: serial lines end with this one
	Follows  bool           // another house was before in this process: the box does not start
	Log      *slog.Logger
}

// New builds a house. It owns out and the book from now on, also when it fails.
func New(r Rooms, out *Outside) (*House, error) {
	h := &House{cfg: r.Config, dir: r.Dir, out: out, log: r.Log, book: r.Book, secrets: r.Secrets, prompts: r.Prompts, started: time.Now(), shards: runtime.GOMAXPROCS(0), life: r.Life, version: r.Version, override: r.Override, again: make(chan string, 1), order: newOrder(), keeper: r.Keeper, follows: r.Follows, seats: r.Seats}
	h.present.Store(r.Config)
	if h.journal = r.Journal; h.journal == nil {
		h.journal = newJournal()
		h.log = h.journal.join(h.log)
	}
	for _, report := range r.Reports {
		h.addPart(report)
	}
	err := h.keepTime(r)
	h.journal.ring.SetClock(h.clock.At)
	if err == nil {
		err = h.build()
	}
	if err != nil {
		out.close()
		h.closeFront()
		for _, d := range h.consoles {
			err = errors.Join(err, d.giveBack())
		}
		return nil, errors.Join(err, h.closeBoard(), r.Book.Close(), h.clock.Close())
	}
	return h, nil
}

func (h *House) build() error {
	if err := h.buildSyslog(); err != nil {
		return err
	}
	h.openBoard()
	if err := h.buildPumps(); err != nil {
		return err
	}
	h.openDoors()
	h.recorder = newRecorder(h.dir, h.pumps, h.log)
	tones, err := plans(h.cfg)
	if err != nil {
		return err
	}
	pool, err := rtpleg.NewPool(h.out.RTPAddr, int(h.cfg.Listen.RTP.From), int(h.cfg.Listen.RTP.To), h.out.RTP)
	if err != nil {
		return err
	}
	h.engine = media.New(media.Config{Shards: h.shards, Log: h.log, Sink: func(evs []media.Event) { h.exchange.Post(heard(evs)...) }})
	h.audio = &audio{engine: h.engine, pool: pool, prompts: h.prompts, plan: tones[""], pumps: h.pumps, log: h.log,
		advertise: func() netip.Addr { return h.here().Addr() }, sip: map[tel.LegID]*sipAudio{}}
	h.audio.lines.Store(&tones)
	h.register.Begin(h.started)
	h.holdProvision(h.started)
	h.expect(h.started)

	settings := settings(h.cfg, h.wires, Version)
	settings.Origin, settings.Ahead = h.clock.Origin()
	h.profiles = newProfiles(h.dir, h.log)
	h.profiles.load(&settings, h.started)
	if settings.Schedules, err = h.switches(h.cfg); err != nil {
		return err
	}
	if err = h.remember(&settings); err != nil {
		return err
	}
	sipCfg, err := sipSettings(h.cfg, h.secrets, h.out)
	if err != nil {
		return err
	}
	if h.sip, err = sipua.New(sipCfg, h.audio, h.newLeg, h.onSIP, h.log); err != nil {
		return err
	}
	h.exchange = exchange.New(settings, exchange.Shells{
		Ports: ports{h.wires, h.pumps}, SIP: phones{h.sip}, Media: h.audio, Book: counted{h.book, &h.ended}, View: &h.store, Complete: h.complete, BlackBox: h.recorder, Profiles: h.profiles, Clinic: clinic{h},
		NewLeg: h.newLeg, NewCall: h.newCall,
		Warn: func(what string, err error) { h.log.Warn("refused", "what", what, "err", err) },
		Slow: func(what string, d time.Duration) { h.log.Warn("slow step", "event", what, "took", d) },
	}, h.started)
	if err := h.uplinks.begin(h, h.cfg); err != nil {
		return err
	}
	if err := h.buildUpdates(); err != nil {
		return err
	}
	return h.buildWeb()
}

// switches returns the schedules with their night switches where a person left
// them: a power cut at night must not open the office.
func (h *House) switches(cfg *config.Config) ([]flow.Schedule, error) {
	left, err := h.book.Switches(context.Background())
	if err != nil {
		return nil, fmt.Errorf("cannot set the night switches: %w", err)
	}
	out := slices.Clone(cfg.Schedules)
	for i := range out {
		if mode, ok := left[out[i].ID]; ok {
			out[i].Override = positions[mode]
		}
	}
	return out, nil
}

func (h *House) newLeg() tel.LegID { return tel.LegID(h.legs.Add(1)) }

func (h *House) newCall() tel.CallID {
	return tel.CallID(fmt.Sprintf("%d-%d", h.book.Boot(), h.calls.Add(1)))
}

func (h *House) onSIP(ev sipua.Event) {
	if e := fromSIP(ev); e != nil {
		h.exchange.Post(e)
	}
}

func (h *House) buildWeb() (err error) {
	cfg := web.Config{Front: h.frontPicture, Fresh: func() time.Time { return h.clock.At(h.checks.Last(checkLoop)) }, Now: h.clock.Now}
	h.metrics = metrics.Handler(metrics.Config{View: h.store.Get, Ended: h.ended.Each, Machine: h.machine.Load, LogLost: h.journal.ring.Lost, Now: h.clock.Now, Log: h.log})
	cfg.Metrics = h.metrics
	h.webDoors(&cfg)
	if pagesLeave(h.cfg.Listen) {
		if cfg.Token, err = h.secrets.Wall(); err != nil {
			return err
		}
	}
	h.web, err = web.New(cfg, &h.store, h.log)
	return err
}

// farewell ends all calls, with a BYE where there is one to say.
func (h *House) farewell() {
	done := make(chan struct{})
	h.exchange.Post(exchange.Close{Cause: tel.CauseShutdown, Done: func() { close(done) }})
	select {
	case <-done:
	case <-time.After(callsFarewell):
		h.log.Warn("some calls did not end in time")
	}
	ctx, cancel := context.WithTimeout(context.Background(), sipFarewell)
	defer cancel()
	h.sip.Shutdown(ctx)
}

// Addrs returns where SIP and the wall page are reached.
func (h *House) Addrs() (sip, wall net.Addr) { return h.out.SIP.LocalAddr(), h.out.Web.Addr() }

// Trace returns the ring of the machines' last events and effects.
func (h *House) Trace() *trace.Ring { return h.exchange.Trace() }

// View returns the present picture.
func (h *House) View() *view.Snapshot { return h.store.Get() }

// SIPLegs returns how many SIP legs exist.
func (h *House) SIPLegs() int { return h.sip.Legs() }
