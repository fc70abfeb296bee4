package sipua

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Config is what the agent is told at start. It is not changed afterwards.
type Config struct {
	Phones []Phone
	Trunks []Trunk

	UserAgent string         // Server and User-Agent header; empty: "Centralita"
	Domain    string         // realm of our challenges and host of our addresses; empty: "centralita"
	Advertise netip.AddrPort // where peers reach us until Moved; zero: the address of the UDP socket
	Networks  []netip.Prefix // where phones may be; empty: loopback, private and link-local addresses
	Calls     int            // at once, both directions; above it 503; 0: 500

	// Urgent names the numbers whose calls no limit refuses: emergencies; nil: none.
	// It is called by several goroutines.
	Urgent func(dialled tel.Number) bool

	// Dial opens a TCP connection to a trunk; nil: only connections that the
	// peers opened are used. The connection belongs to the agent.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	// Resolve finds the addresses of a trunk's host name; nil: names do not resolve.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Phone is one SIP phone of the house.
type Phone struct {
	Ext      tel.Number // its user name too
	Password string
	Codecs   []string // "PCMA", "PCMU" in order of preference; empty: both, PCMA first
}

// Trunk is a SIP trunk, ATA or gateway.
type Trunk struct {
	ID       tel.TrunkID
	Server   string // host[:port] we send to; empty for one that only registers here or calls in
	TCP      bool
	Register bool // we register there
	Accepts  bool // it registers here with User and Password
	User     string
	Password string
	From     []netip.Prefix // calls from these addresses are the trunk's
	Number   tel.Number     // our number there: caller id and default called number
	Calls    int            // at most at once; 0: no limit of its own
	Codecs   []string
}

// Media is the audio side of a leg, as the agent needs it. The calls must not block.
type Media interface {
	// Open reserves a local RTP address for leg. It is called once per leg,
	// before the first Set.
	Open(leg tel.LegID) (netip.AddrPort, error)
	// Set applies what was negotiated. It is called again after every change.
	Set(leg tel.LegID, s Session) error
	// Close gives the leg's address back. It is called once for every Open
	// that succeeded, before the leg's Gone event.
	Close(leg tel.LegID)
}

// Session is what an offer and its answer settled for a leg (RFC 3264).
type Session struct {
	Remote      netip.AddrPort // where RTP goes; invalid: nowhere
	Signalling  netip.Addr     // the peer's own address: behind NAT its RTP comes from here
	ALaw        bool           // PCMA, else PCMU
	RTCP        netip.AddrPort // where RTCP goes; invalid with Remote
	PT          uint8          // payload type of the audio we send
	RecvPT      uint8          // and of what comes
	EventPT     uint8          // payload type of telephone-event (RFC 4733) we send; 0 none
	RecvEventPT uint8          // and of what comes; 0 none
	Send, Recv  bool           // as we see it; Send false: the other end holds us
}

// Target is whom an outgoing call is for: a phone by Ext, or Number over Trunk.
type Target struct {
	Ext    tel.Number
	Trunk  tel.TrunkID
	Number tel.Number
}

// From is who an outgoing call says is calling.
type From struct {
	Number tel.Number // empty: a trunk's own number; towards a phone "anonymous"
	Name   tel.Text
}

// Limits of ours where the standard leaves the choice.
const (
	defaultCalls  = 500
	defaultPort   = 5060
	maxExpires    = 10 * time.Minute // a phone that vanished is known to be gone by then
	ringLimit     = 5 * time.Minute  // of an outgoing INVITE that only rings
	retryAfter    = 10 * time.Second // told to who meets the admission cap
	farewellLimit = 3 * time.Second  // of Shutdown
)

// check returns every problem of c at once.
func (c *Config) check() error {
	var errs []error
	seen := map[string]bool{}
	for _, p := range c.Phones {
		if _, ok := tel.CleanNumber(string(p.Ext)); !ok || p.Ext == "" {
			errs = append(errs, fmt.Errorf("cannot serve phone %q: not an extension", p.Ext))
		}
		if p.Password == "" {
			errs = append(errs, fmt.Errorf("cannot serve phone %s: it has no password", p.Ext))
		}
		if seen[string(p.Ext)] {
			errs = append(errs, fmt.Errorf("cannot serve phone %s: the user name is taken", p.Ext))
		}
		seen[string(p.Ext)] = true
	}
	ids := map[tel.TrunkID]bool{}
	for _, t := range c.Trunks {
		if t.ID == "" || ids[t.ID] {
			errs = append(errs, fmt.Errorf("cannot serve trunk %q: its id is empty or taken", t.ID))
		}
		ids[t.ID] = true
		errs = append(errs, t.check(seen)...)
	}
	return errors.Join(errs...)
}

// check returns the problems of one trunk; users are the names already taken.
func (t *Trunk) check(users map[string]bool) (errs []error) {
	if t.Register && (t.Server == "" || t.User == "") {
		errs = append(errs, fmt.Errorf("cannot register trunk %s: it needs a server and a user", t.ID))
	}
	if t.Accepts {
		if t.User == "" || t.Password == "" {
			errs = append(errs, fmt.Errorf("cannot accept trunk %s: it needs a user and a password", t.ID))
		}
		if users[t.User] {
			errs = append(errs, fmt.Errorf("cannot accept trunk %s: user name %q is taken", t.ID, t.User))
		}
		users[t.User] = true
	}
	if t.Server != "" {
		if _, _, err := splitServer(t.Server); err != nil {
			errs = append(errs, fmt.Errorf("cannot reach trunk %s: %w", t.ID, err))
		}
	}
	if t.Server == "" && !t.Accepts && len(t.From) == 0 {
		errs = append(errs, fmt.Errorf("cannot serve trunk %s: it has no server, no addresses and does not register here", t.ID))
	}
	return errs
}

// splitServer parts "host[:port]"; the port is 5060 when it is missing.
func splitServer(s string) (host string, port int, err error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.String(), defaultPort, nil
	}
	h, p, err := net.SplitHostPort(s)
	if err != nil {
		h, p = s, strconv.Itoa(defaultPort)
	}
	port, err = strconv.Atoi(p)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("cannot use port of %q: not 1 to 65535", s)
	}
	for i := 0; i < len(h); i++ {
		c := h[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '.' || c == ':' && err == nil) {
			return "", 0, fmt.Errorf("cannot use %q as a host: character %q", h, c)
		}
	}
	if h == "" {
		return "", 0, fmt.Errorf("cannot use %q as a server: no host", s)
	}
	return h, port, nil
}

// homeNetworks are where phones may be unless the configuration says otherwise.
func homeNetworks() []netip.Prefix {
	var ps []netip.Prefix
	for _, s := range []string{"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"} {
		ps = append(ps, netip.MustParsePrefix(s))
	}
	return ps
}
