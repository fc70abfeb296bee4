package screen

import (
	"cmp"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Config is what a Screen needs. Known is required.
type Config struct {
	Rules Rules
	Known func(netip.Addr) bool // trunk, registered phone, or network that phones may register from

	// Invites is how many new calls a second are let through to sipgo, which sheds
	// no load by itself; the rest gets 503 with Retry-After. 0 is 100. Urgent says
	// by the Request-URI which calls are let through whatever the count: emergencies.
	Invites int
	Urgent  func(requestURI string) bool

	Conns        int           // TCP connections at once; 0 is 256
	ConnsPerAddr int           // of them from one address; 0 is 16 for the known, always 2 for strangers
	MessageTime  time.Duration // a message must be complete so long after its first byte; 0 is 10 s
	IdleTime     time.Duration // a known connection may say nothing for so long; 0 is 15 min, strangers 30 s

	Log *slog.Logger // nil: none
}

// Count is how often messages were refused for one reason.
type Count struct {
	Why     string
	Dropped uint64
	Replied uint64
}

// Screen applies Rules to sockets. It may be used by several goroutines.
type Screen struct {
	cfg Config

	mu     sync.Mutex
	limit  limiter
	counts map[string]*Count
	passed uint64
	second int64 // the second that invites counts
	admits int
	ours   map[string]bool    // sockets and connections that are screened already
	perIP  map[netip.Addr]int // accepted connections
	conns  int
	dialed map[string]*dialed // frames of connections that sipgo made
}

type dialed struct {
	frame framer
	last  time.Time
}

// New returns a Screen.
func New(cfg Config) *Screen {
	cfg.Invites = cmp.Or(cfg.Invites, 100)
	cfg.Conns = cmp.Or(cfg.Conns, 256)
	cfg.ConnsPerAddr = cmp.Or(cfg.ConnsPerAddr, 16)
	cfg.MessageTime = cmp.Or(cfg.MessageTime, 10*time.Second)
	cfg.IdleTime = cmp.Or(cfg.IdleTime, 15*time.Minute)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = slog.New(QuietLog(cfg.Log.Handler())) // a known peer gone mad must not fill the card
	return &Screen{cfg: cfg, limit: limiter{m: map[netip.Prefix]*tally{}}, counts: map[string]*Count{},
		ours: map[string]bool{}, perIP: map[netip.Addr]int{}, dialed: map[string]*dialed{}}
}

// Passed is how many messages went through to sipgo.
func (s *Screen) Passed() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passed
}

// Counts lists why messages were refused, ordered by reason.
func (s *Screen) Counts() []Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Count, 0, len(s.counts))
	for _, c := range s.counts {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Compare(a.Why, b.Why) })
	return out
}

// Bans lists the strangers that are not heard at present.
func (s *Screen) Bans() []Ban {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit.bans(time.Now())
}

// judge is Check with limits, counts and log.
func (s *Screen) judge(raw []byte, p Peer) Verdict {
	now := time.Now()
	p.Known = s.cfg.Known(p.Addr.Addr().Unmap())
	if !p.Known {
		s.mu.Lock()
		ok, banned := s.limit.allow(now, p.Addr.Addr())
		s.mu.Unlock()
		if banned {
			s.cfg.Log.Warn("a stranger sends too much and is not heard for a while",
				"source", p.Addr.Addr().String(), "for", strangerBan)
		}
		if !ok {
			return s.note(Verdict{Why: "a banned stranger", Close: true}, p)
		}
	}
	v := s.cfg.Rules.Check(raw, p)
	if v.Action == Pass && v.Method == "INVITE" && !s.admit(now, v.msg) {
		f := &fault{code: 503, why: "too many new calls", headers: []string{"Retry-After: 5"}}
		v = Verdict{Why: f.why, Method: v.Method, Reply: v.msg.answer(&s.cfg.Rules, f, p)}
		if p.Known && v.Reply != nil {
			v.Action, v.Code = Reply, f.code
		}
	}
	return s.note(v, p)
}

// admit counts a new call and reports whether there is room for it in this second.
func (s *Screen) admit(now time.Time, m *message) bool {
	if _, inDialog := get(m.to.params, "tag"); inDialog {
		return true
	}
	if s.cfg.Urgent != nil && s.cfg.Urgent(m.target.text) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sec := now.Unix(); sec != s.second {
		s.second, s.admits = sec, 0
	}
	s.admits++
	return s.admits <= s.cfg.Invites
}

// note counts a verdict. Reasons are texts of ours, so the map stays small.
func (s *Screen) note(v Verdict, p Peer) Verdict {
	s.mu.Lock()
	if v.Action == Pass {
		s.passed++
		s.mu.Unlock()
		return v
	}
	c := s.counts[v.Why]
	if c == nil {
		c = &Count{Why: v.Why}
		s.counts[v.Why] = c
	}
	if v.Action == Reply {
		c.Replied++
	} else {
		c.Dropped++
	}
	s.mu.Unlock()
	if p.Known {
		s.cfg.Log.Info("a SIP message was refused", "source", p.Addr.String(), "why", v.Why, "code", v.Code, "method", v.Method)
	}
	return v
}

// errLostFrame ends a connection whose bytes cannot be told apart any more.
var errLostFrame = errors.New("the SIP stream lost its frame")

// Filter is for sip.WithTransportLayerReadFilter: it screens the sockets that
// sipgo opens by itself. There is no way to answer from here, so a bad datagram
// is dropped and a stream that lost its frame is closed. Sockets that Screen
// wraps pass unchanged, they are screened already.
func (s *Screen) Filter(at sip.TransportReadProps, data []byte) ([]byte, error) {
	local, remote := at.LocalAddr.String(), at.RemoteAddr.String()
	p := Peer{Addr: addrPort(at.RemoteAddr)}
	if at.Transport == "UDP" {
		if s.isOurs(local) {
			return data, nil
		}
		if keepAlive(data) {
			return nil, nil
		}
		return s.judge(data, p).Message, nil
	}
	key := local + " " + remote
	if s.isOurs(key) {
		return data, nil
	}
	p.Stream = true
	d := s.dial(key)
	if keepAlive(data) && d.frame.between() {
		return data, nil
	}
	d.frame.add(data)
	var out []byte
	for {
		msg, fatal := d.frame.next()
		if fatal {
			s.judge(msg, p)
			s.forget(key)
			return nil, errLostFrame
		}
		if msg == nil {
			return out, nil
		}
		v := s.judge(msg, p)
		if v.Close {
			s.forget(key)
			return nil, errLostFrame
		}
		out = append(out, v.Message...)
	}
}

// dial returns the frame of a connection that sipgo made; only its own reader uses it.
func (s *Screen) dial(key string) *dialed {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dialed[key]
	if d == nil {
		if len(s.dialed) >= s.cfg.Conns {
			oldest := ""
			for k, x := range s.dialed {
				if oldest == "" || x.last.Before(s.dialed[oldest].last) {
					oldest = k
				}
			}
			delete(s.dialed, oldest)
		}
		d = &dialed{}
		s.dialed[key] = d
	}
	d.last = time.Now()
	return d
}

func (s *Screen) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.dialed, key)
}

func (s *Screen) isOurs(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ours[key]
}

func (s *Screen) own(key string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on {
		s.ours[key] = true
	} else {
		delete(s.ours, key)
	}
}

// keepAlive reports whether a datagram only keeps a hole in a router open.
func keepAlive(b []byte) bool {
	if len(b) > 4 {
		return false
	}
	for _, c := range b {
		if c != '\r' && c != '\n' && c != 0 {
			return false
		}
	}
	return true
}

// addrPort reads the address of any net.Addr; what is none is the zero value,
// which is nobody's.
func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		return unmap(a.AddrPort())
	case *net.TCPAddr:
		return unmap(a.AddrPort())
	case nil:
		return netip.AddrPort{}
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return unmap(ap)
}

func unmap(ap netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
