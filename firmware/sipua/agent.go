package sipua

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/sipua/register"
	"github.com/centralita/centralita/firmware/sipua/screen"
	"github.com/centralita/centralita/firmware/tel"
)

// Agent is the appliance on the SIP network. Its commands may be called from any
// goroutine and return at once; a command for a leg that is gone does nothing.
type Agent struct {
	cfg       Config
	agentName string
	media     Media
	newLeg    func() tel.LegID
	sink      func(Event)
	log       *slog.Logger

	who atomic.Pointer[roster]

	screen   *screen.Screen
	guard    *register.Guard
	auth     *register.Auth
	bindings *register.Table // of phones
	dialins  *register.Table // of trunks that register here, by trunk id

	tpl     *sip.TransportLayer
	txl     *sip.TransactionLayer
	post    *post
	offerID atomic.Uint64

	streams *streams // set by Serve, before anything runs
	laddr   sip.Addr // the UDP socket as sipgo knows it
	wire    *sip.UDPConnection
	adv     atomic.Pointer[netip.AddrPort] // where peers reach us; set by Serve unless New was told
	base    context.Context                // ends with Serve; bounds dialling and name look-ups
	serving chan struct{}                  // closed when the above are set

	mu      sync.Mutex
	legs    map[tel.LegID]*call
	acks    map[string]*sip.Request // of failed INVITEs, by branch
	parting map[*trunkReg]*trunk    // where a registration is being taken back
	open    int                     // legs, and farewells that wait for their answer
	idle    chan struct{}           // closed when open falls to 0 while closing
	closing bool
	expiry  *time.Timer
}

// New returns an agent for cfg, or every problem of cfg at once. newLeg names the
// legs of incoming calls; sink gets every event, from several goroutines, and must
// not block.
func New(cfg Config, media Media, newLeg func() tel.LegID, sink func(Event), log *slog.Logger) (*Agent, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.UserAgent = cmp.Or(tel.CleanText(cfg.UserAgent).String(), "Centralita")
	cfg.Domain = cmp.Or(tel.CleanText(cfg.Domain).String(), "centralita")
	if len(cfg.Networks) == 0 {
		cfg.Networks = homeNetworks()
	}
	a := &Agent{cfg: cfg, agentName: cfg.UserAgent, media: media, newLeg: newLeg, sink: sink, log: log,
		bindings: register.NewTable(), dialins: register.NewTable(),
		serving: make(chan struct{}), legs: map[tel.LegID]*call{}, acks: map[string]*sip.Request{}, parting: map[*trunkReg]*trunk{}}
	a.who.Store(newRoster(cfg, nil))
	if cfg.Advertise.IsValid() {
		a.adv.Store(&cfg.Advertise)
	}
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return nil, err
	}
	a.offerID.Store(uint64(time.Now().Unix()))
	a.guard = register.NewGuard(a.exempt)
	a.auth = register.NewAuth(cfg.Domain, secret, a.guard, func(user string) (string, bool) {
		pw, ok := a.roster().users[user]
		return pw, ok
	})
	a.screen = screen.New(screen.Config{Rules: screen.Rules{Secret: secret}, Known: a.welcome, Log: log,
		Urgent: func(requestURI string) bool {
			var u sip.Uri
			return sip.ParseUri(requestURI, &u) == nil && a.urgent(numberOf(&u))
		}})
	a.post = &post{boxes: map[string]*mailbox{}, handle: a.handle}
	a.stack()
	return a, nil
}

// stack builds sipgo's transport and transactions under us. Ours is the first to
// see each message, still in the order of arrival.
func (a *Agent) stack() {
	quiet := slog.New(screen.QuietLog(a.log.Handler()))
	a.tpl = sip.NewTransportLayer(&net.Resolver{}, sip.NewParser(), nil,
		sip.WithTransportLayerLogger(quiet), sip.WithTransportLayerReadFilter(a.screen.Filter),
		sip.WithTransportLayerTransports(sip.TransportsConfig{TCP: &sip.TransportTCP{DialerCreate: neverDial}}))
	a.tpl.OnMessage(a.arrived)
	a.txl = sip.NewTransactionLayer(a.tpl, sip.WithTransactionLayerLogger(quiet),
		sip.WithTransactionLayerUnhandledResponseHandler(a.stray),
		sip.WithTransactionLayerTerminateOnConnClose())
	a.txl.OnRequest(a.request)
}

// neverDial is sipgo's dialer: it opens no socket, whoever forgets to connect first.
func neverDial(net.Addr) net.Dialer {
	return net.Dialer{Control: func(string, string, syscall.RawConn) error { return errNotConnected }}
}

// Serve runs the agent on a UDP socket and a TCP listener of the same address
// until ctx ends, then closes both. tcp may be nil. It returns nil after ctx
// ended, else what broke.
func (a *Agent) Serve(ctx context.Context, udp net.PacketConn, tcp net.Listener) error {
	local, err := netip.ParseAddrPort(udp.LocalAddr().String())
	if err != nil {
		return err
	}
	own := netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
	a.adv.CompareAndSwap(nil, &own)
	if a.here().Addr().IsUnspecified() {
		return fmt.Errorf("cannot announce %s: listening on every address needs Advertise", own)
	}
	a.laddr = sip.Addr{IP: net.IP(local.Addr().AsSlice()), Port: int(local.Port()), Hostname: local.Addr().String()}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a.base = ctx
	failed := make(chan error, 2)
	var running sync.WaitGroup
	if tcp != nil {
		a.streams = newStreams(tcp, a.cfg.Dial, a.streamLost)
		running.Go(a.streams.run)
		running.Go(func() { failed <- a.tpl.ServeTCP(a.screen.Listener(a.streams)) })
	}
	socket := &noticed{PacketConn: a.screen.PacketConn(udp), read: make(chan struct{})}
	// sipgo is made to find only this connection, and to find it still when the
	// socket is closed: for an address without one it opens a socket by itself.
	a.wire = &sip.UDPConnection{PacketConn: socket, PacketAddr: local.String(), Listener: true}
	running.Go(func() {
		err := a.tpl.ServeUDP(socket)
		failed <- errors.Join(err, errors.New("the UDP socket stopped"))
	})
	select {
	case <-socket.read:
		a.tpl.Pool("udp").Add(a.laddr.String(), a.wire)
		close(a.serving)
		a.startTrunks()
		select {
		case <-ctx.Done():
			err = nil
		case err = <-failed:
		}
	case <-ctx.Done():
		err = nil
	case err = <-failed:
	}
	a.mu.Lock()
	a.closing = true
	if a.expiry != nil {
		a.expiry.Stop()
	}
	a.mu.Unlock()
	a.stopTrunks()
	a.txl.Close()
	err = errors.Join(err, udp.Close())
	if a.streams != nil {
		err = errors.Join(err, a.streams.Close())
	}
	running.Wait()
	return err
}

// noticed is a socket that tells when it is first read: from then on sipgo finds
// it. A request sent earlier would open a socket of sipgo's own.
type noticed struct {
	net.PacketConn
	once sync.Once
	read chan struct{}
}

// ReadFrom implements net.PacketConn.
func (n *noticed) ReadFrom(b []byte) (int, net.Addr, error) {
	n.once.Do(func() { close(n.read) })
	return n.PacketConn.ReadFrom(b)
}

// Dial calls a phone or an outside number on a new leg. What comes of it are
// Ringing, Answered and Gone.
func (a *Agent) Dial(leg tel.LegID, to Target, from From) {
	c := &call{a: a, leg: leg, callID: newTag(), localTag: newTag(), outgoing: true, to: to, from: from}
	c.log = a.log.With("leg", uint64(leg))
	a.mu.Lock()
	full := len(a.legs) >= a.roster().calls && !a.urgent(to.Number) || a.closing
	taken := a.legs[leg] != nil
	if !taken {
		a.legs[leg] = c
		a.open++
	}
	a.mu.Unlock()
	if taken {
		a.log.Error("cannot dial: the leg is in use", "leg", uint64(leg))
		return
	}
	a.post.do(c.callID, func(b *mailbox) {
		b.call, c.box = c, b
		if full {
			c.end(tel.CauseCongestion, "as many calls as permitted are up", false)
			return
		}
		c.dial()
	})
}

// Ring tells the caller that the called party's phone rings (180).
func (a *Agent) Ring(leg tel.LegID) { a.command(leg, (*call).ring) }

// Answer answers an incoming call (200). Answered follows when the caller confirms.
func (a *Agent) Answer(leg tel.LegID) { a.command(leg, (*call).answer) }

// Reject refuses an incoming call; the code follows from cause. Gone follows.
func (a *Agent) Reject(leg tel.LegID, cause tel.Cause) { a.HangUp(leg, cause) }

// HangUp ends a leg in whatever state it is: BYE, CANCEL or a refusal. Gone follows.
func (a *Agent) HangUp(leg tel.LegID, cause tel.Cause) {
	a.command(leg, func(c *call) { c.hangUp(cause) })
}

// command runs fn in the mailbox of leg's call.
func (a *Agent) command(leg tel.LegID, fn func(*call)) {
	a.mu.Lock()
	c := a.legs[leg]
	a.mu.Unlock()
	if c == nil {
		a.log.Debug("command for a leg that is gone", "leg", uint64(leg))
		return
	}
	a.post.do(c.callID, func(*mailbox) {
		if !c.gone {
			fn(c)
		}
	})
}

// Shutdown ends every leg, takes back our registrations and waits until the
// other ends have heard of it, at most until ctx ends or three seconds.
func (a *Agent) Shutdown(ctx context.Context) {
	a.mu.Lock()
	a.closing = true
	idle := make(chan struct{})
	a.idle = idle
	if a.open == 0 {
		close(idle)
		a.idle = nil
	}
	legs := make([]tel.LegID, 0, len(a.legs))
	for l := range a.legs {
		legs = append(legs, l)
	}
	a.mu.Unlock()
	slices.Sort(legs)
	for _, l := range legs {
		a.HangUp(l, tel.CauseShutdown)
	}
	a.stopTrunks()
	limit := time.NewTimer(farewellLimit)
	defer limit.Stop()
	select {
	case <-idle:
	case <-ctx.Done():
	case <-limit.C:
	}
}

// hold counts a leg or a farewell; release counts it off.
func (a *Agent) hold() { a.mu.Lock(); a.open++; a.mu.Unlock() }

func (a *Agent) release() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open--; a.open == 0 && a.idle != nil {
		close(a.idle)
		a.idle = nil
	}
}

// Legs is how many legs are up or being set up.
func (a *Agent) Legs() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.legs)
}

// Phones lists the phones that are registered, ordered by extension.
func (a *Agent) Phones() []register.Binding { return a.bindings.All() }

// Bans lists the sources that get no answer for guessing passwords.
func (a *Agent) Bans() []register.Ban { return a.guard.Bans(time.Now()) }

// Refused counts the messages that the screen kept away, by reason.
func (a *Agent) Refused() []screen.Count { return a.screen.Counts() }

// urgent reports whether a call to n goes through whatever the limits say.
func (a *Agent) urgent(n tel.Number) bool {
	u := a.roster().urgent
	return u != nil && n != "" && u(n)
}
