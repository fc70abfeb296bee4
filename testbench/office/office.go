// Package office runs the whole appliance inside a test: the real rooms on
// sockets made of memory, so that a day passes in a moment of virtual time.
//
// It must be used inside a testing/synctest bubble.
package office

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/prompt"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/memnet"
	"github.com/centralita/centralita/testbench/phone"
)

// Addresses in the memory network.
var (
	SIP  = netip.MustParseAddrPort("10.0.0.1:5060")
	Wire = "10.0.0.1:7000" // of the simulated board
	Far  = "10.9.0.1"      // the carrier: its calls are the trunk's
)

// Office is one running appliance.
type Office struct {
	T   *testing.T
	Net *memnet.Net
	Dir string
	// Clock is what is known of the system's clock at the next start; "ntp" at first.
	Clock string
	// Below are the clocks of the machine at the next start; nil: Clock is vouched for.
	Below app.Clocks

	house atomic.Pointer[app.House]
	cfg   *config.Config
	pack  *prompt.Pack
	log   *slog.Logger
	fit   func(*app.Outside) // nil: nothing more than sockets
	life  *life.Life         // nil: no versions are kept
	stop  context.CancelFunc
	ended chan error
}

// Open starts an appliance with the document yaml on a new data folder.
func Open(t *testing.T, seed uint64, yaml string, pack *prompt.Pack) *Office {
	t.Helper()
	return OpenWith(t, seed, yaml, pack, nil)
}

// OpenWith is Open with more of the outside than sockets, each time it starts:
// hardware, for instance.
func OpenWith(t *testing.T, seed uint64, yaml string, pack *prompt.Pack, fit func(*app.Outside)) *Office {
	t.Helper()
	return open(t, seed, yaml, pack, fit, false)
}

// OpenKept is OpenWith of an appliance that keeps versions of its configuration; yaml is
// the first one.
func OpenKept(t *testing.T, seed uint64, yaml string, pack *prompt.Pack, fit func(*app.Outside)) *Office {
	t.Helper()
	return open(t, seed, yaml, pack, fit, true)
}

func open(t *testing.T, seed uint64, yaml string, pack *prompt.Pack, fit func(*app.Outside), kept bool) *Office {
	t.Helper()
	cfg, problems := config.Parse("office.yaml", []byte(yaml), pack.Has)
	for _, p := range problems {
		t.Error(p)
	}
	if cfg == nil || len(problems) > 0 {
		t.FailNow()
	}
	out := io.Discard
	if testing.Verbose() {
		out = t.Output()
	}
	o := &Office{T: t, Net: memnet.New(seed), Dir: t.TempDir(), Clock: "ntp", cfg: cfg, pack: pack, fit: fit,
		log: slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	if kept {
		var err error
		o.life, err = life.Open(durable.Disk{}, o.Dir, o.log)
		o.must(err)
		o.must(o.life.Take([]byte(yaml), "file office.yaml", life.Digest([]byte(yaml)), life.Person{Name: "file"}))
	}
	o.Start()
	return o
}

// House returns the appliance that runs, or ran last.
func (o *Office) House() *app.House { return o.house.Load() }

// Start starts the appliance on the data folder, as after a stop or a crash.
func (o *Office) Start() {
	o.T.Helper()
	ctx, stop := context.WithCancel(context.Background())
	o.stop, o.ended = stop, make(chan error, 1)
	secrets, err := secret.Open(o.Dir)
	o.must(err)
	opt := book.Options{Site: o.cfg.Site.ID, Version: "test", Clock: o.Clock, Location: o.cfg.Site.Location, Log: o.log}
	var clock *app.Time
	if o.Below != nil {
		clock, err = app.OpenTime(o.Dir, o.Below, o.cfg.Site.Location, o.log)
		o.must(err)
		opt = clock.Dates(opt)
	}
	b, err := book.Open(ctx, o.Dir, opt)
	o.must(err)
	out, err := o.sockets()
	o.must(err)
	if o.fit != nil {
		o.fit(out)
	}
	house, err := app.New(app.Rooms{Config: o.cfg, Clock: o.Clock, Time: clock, Dir: o.Dir, Book: b, Secrets: secrets, Prompts: o.pack, Life: o.life, Log: o.log}, out)
	o.must(err)
	o.house.Store(house)
	ready := make(chan struct{})
	go func() { o.ended <- house.Run(ctx, func() { close(ready) }) }()
	<-ready
	synctest.Wait()
}

func (o *Office) sockets() (*app.Outside, error) {
	sip, err1 := o.Net.ListenPacket(SIP.String())
	stream, err2 := o.Net.Listen(SIP.String())
	wire, err3 := o.Net.Listen(Wire)
	return &app.Outside{
		SIP: sip, SIPStream: stream, Wire: wire, RTPAddr: SIP.Addr(),
		RTP: func(a netip.AddrPort) (net.PacketConn, error) { return o.Net.ListenPacket(a.String()) },
		DialTCP: func(ctx context.Context, addr string) (net.Conn, error) {
			return o.Net.Dial(ctx, SIP.Addr().String(), addr)
		},
	}, errors.Join(err1, err2, err3)
}

func (o *Office) must(err error) {
	o.T.Helper()
	if err != nil {
		o.T.Fatal(err)
	}
}

// Stop ends the appliance as SIGTERM does.
func (o *Office) Stop() {
	o.T.Helper()
	began := time.Now()
	o.stop()
	if err := <-o.ended; err != nil {
		o.T.Error(err)
	}
	if o.life != nil {
		o.must(o.life.Close())
	}
	if took := time.Since(began); took > 5*time.Second {
		o.T.Errorf("the farewell took %s", took)
	}
}

// Phone makes a SIP phone at host that is not registered yet.
func (o *Office) Phone(host string, a phone.Account) *phone.Phone {
	o.T.Helper()
	if !a.Server.IsValid() {
		a.Server = SIP
	}
	p, err := phone.New(phone.Memory(o.Net), host+":5060", a)
	o.must(err)
	return p
}

// Records returns every call of the book, oldest first.
func (o *Office) Records() []call.Record {
	o.T.Helper()
	r, err := book.Read(o.Dir)
	o.must(err)
	defer func() { o.must(r.Close()) }()
	var out []call.Record
	for rec, err := range r.Calls(o.T.Context(), book.Filter{}) {
		o.must(err)
		out = append(out, rec)
	}
	return out
}

// Facts returns every fact of the book that is not erased.
func (o *Office) Facts() []book.Row {
	o.T.Helper()
	r, err := book.Read(o.Dir)
	o.must(err)
	defer func() { o.must(r.Close()) }()
	var out []book.Row
	for after := uint64(0); ; {
		rows, err := r.Rows(o.T.Context(), after, 1000)
		o.must(err)
		if len(rows) == 0 {
			return out
		}
		out = append(out, rows...)
		after = rows[len(rows)-1].Seq
	}
}

// Until waits until ok holds, and fails after so long of virtual time.
func (o *Office) Until(what string, limit time.Duration, ok func() bool) {
	o.T.Helper()
	end := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(end) {
			o.T.Fatalf("not within %s: %s\n%s", limit, what, o.Trace(40))
		}
		<-time.After(20 * time.Millisecond)
	}
}

// Trace returns the last n events and effects of the machines.
func (o *Office) Trace(n int) string {
	es := o.House().Trace().Entries()
	var s string
	for _, e := range es[max(0, len(es)-n):] {
		s += fmt.Sprintf("%s %s %t %s\n", e.At.Format("15:04:05.000"), e.Who, e.Out, e.What)
	}
	return s
}

// Pack loads the prompts, once for all tests of a package.
func Pack(dir string) (*prompt.Pack, error) {
	return prompt.Load(os.DirFS(dir), slog.New(slog.DiscardHandler))
}

// Copper connects a central office and telephones to the simulated board.
// Close it to pull the cord; while it is connected time passes in beats of 20 ms.
func (o *Office) Copper() *linesim.Sim {
	o.T.Helper()
	c, err := o.Net.Dial(context.Background(), "10.8.0.1", Wire)
	o.must(err)
	s, err := linesim.New(c)
	o.must(err)
	return s
}
