package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/access"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/web"
	"github.com/centralita/centralita/firmware/web/cert"
)

// doors are who may enter, and the certificate that the pages come with.
type doors struct {
	access *access.Access
	cert   *cert.Store // nil: it cannot be used, nothing is served over TLS
	fault  error       // why
}

// openDoors reads the accounts and the certificate. What is wrong with them is a
// condition: calls go on.
func (h *House) openDoors() {
	d := &h.doors
	d.access = access.Open(h.dir, access.Options{Book: h.bookAccess, Changed: h.repaint, Date: h.clock.At,
		Idle: h.cfg.Access.Idle, Longest: h.cfg.Access.Longest})
	if err := d.access.Trouble(); err != nil {
		h.log.Error("nobody can enter", "err", err)
	}
	if h.out.HTTPS == nil {
		return
	}
	if d.cert, d.fault = cert.Open(h.dir, cert.Options{Cert: h.cfg.Listen.Cert, Key: h.cfg.Listen.Key, Names: h.certNames, Floor: written, Now: h.clock.Now}); d.fault != nil {
		h.log.Error("no pages over TLS", "err", errors.Join(d.fault, h.out.HTTPS.Close()))
		h.out.HTTPS = nil
	}
}

// repaint asks for a new picture, of another code or none.
func (h *House) repaint() {
	if h.exchange != nil { // else the first picture is still to come
		h.exchange.Post(exchange.OnNews{})
	}
}

// certNames are the addresses by which browsers reach the pages now.
func (h *House) certNames() []string {
	at := []netip.Addr{h.cfg.Listen.HTTPS.Addr()}
	if at[0].IsUnspecified() {
		look := addresses
		if h.out.Addresses != nil {
			look = h.out.Addresses
		}
		own, err := look()
		if err != nil {
			h.log.Debug("names of the certificate", "err", err)
		}
		at = reachable(own)
	}
	var names []string
	for _, a := range at {
		if !a.IsLoopback() {
			names = append(names, a.String())
		}
	}
	return names
}

// accessKinds are the kinds of the book for what happens at the doors.
var accessKinds = map[access.What]call.Kind{
	access.WasClaimed: call.AccessClaimed, access.CodeLocked: call.AccessLocked, access.LockedOut: call.AccessLocked, access.LoggedIn: call.AccessLogin,
	access.LoggedOut: call.AccessLogout, access.WasRefused: call.AccessRefused, access.Moved: call.AccessMoved,
	access.PasswordSet: call.AccessPassword, access.Changed: call.AccessAccount,
}

// bookAccess writes what happened at a door into the book.
func (h *House) bookAccess(f access.Fact) {
	fact := call.Fact{Kind: accessKinds[f.What], At: f.At, Name: f.Name, State: string(f.By.Via), Reason: f.Detail, Evidence: f.From, Millis: int64(f.Count)}
	if f.By.Name != f.Name {
		fact.Node = f.By.Name
	}
	if f.What == access.CodeLocked {
		fact.Reason = "claim code " + f.Detail
	}
	h.book.Append(fact)
}

// seeDoors adds to a picture whether the box has its owner, and what is wrong.
func (h *House) seeDoors(s *view.Snapshot) {
	d := &h.doors
	if code, until := d.access.Code(); code != "" || !until.IsZero() {
		s.Unclaimed = &view.Claim{Code: code, Until: until, Address: h.claimAt()}
	}
	h.register.Hold(s.At, d.access.Trouble() != nil, health.AccountsBad())
	fault := d.fault
	if d.cert != nil {
		st := d.cert.State()
		fault, s.TLSKey = st.Fault, st.Groups
	}
	c := health.CertificateBad(fault, d.cert == nil)
	if dated, ok := errors.AsType[*cert.Dated](fault); ok {
		c = health.CertificateDated(dated.File, dated.Until, dated.Over)
	}
	h.register.Hold(s.At, fault != nil, c)
}

// claimAt is the address of the page where the code is typed, "" where none can be
// reached from elsewhere.
func (h *House) claimAt() string {
	if names := h.certNames(); h.out.HTTPS != nil && len(names) > 0 {
		return net.JoinHostPort(names[0], strconv.Itoa(port443(h.out.HTTPS)))
	}
	return ""
}

// webDoors gives the pages their doors.
func (h *House) webDoors(cfg *web.Config) {
	a := h.doors.access
	cfg.Door, cfg.Sessions, cfg.People = a, a, a
	if h.doors.cert == nil {
		return
	}
	cfg.TLSPort = func() int { return port443(h.out.HTTPS) }
	cfg.Cert = func() web.Certificate {
		st := h.doors.cert.State()
		return web.Certificate{Fingerprint: st.Fingerprint, Groups: st.Groups}
	}
}

// port443 is the port that a listener has.
func port443(l net.Listener) int {
	at, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return 0 // it is none of TCP
	}
	return int(at.Port())
}

// pagesLeave reports whether any of the pages is served beyond this machine.
func pagesLeave(l config.Listen) bool {
	return !l.Web.Addr().IsLoopback() || !l.HTTPS.Addr().IsLoopback()
}

// serveDoors serves the pages over TLS until ctx ends.
func (h *House) serveDoors(ctx context.Context) error {
	return h.web.ServeTLS(ctx, h.out.HTTPS, cert.Config(h.doors.cert))
}

// hideCode takes the claim code out of rows of the display: a page must never show
// what proves that somebody stands before the box.
func hideCode(rows []string, code string) {
	if code == "" {
		return
	}
	var pairs []string
	for part := range strings.SplitSeq(code, "-") {
		pairs = append(pairs, part, "····")
	}
	hide := strings.NewReplacer(pairs...)
	for i := range rows {
		rows[i] = hide.Replace(rows[i])
	}
}

// greetDoors says how to become the owner, or where to enter.
func (h *House) greetDoors(w io.Writer, data string) {
	page := ""
	if h.doors.cert != nil {
		at := h.out.HTTPS.Addr().String()
		if a, err := netip.ParseAddrPort(at); err == nil && a.Addr().IsUnspecified() {
			if own, err := ownAddress(a.Port()); err == nil { // else it stays as it is
				at = own.String()
			}
		}
		page = "https://" + at
	}
	switch a := h.doors.access; {
	case a.Trouble() != nil:
		fmt.Fprintf(w, "  people   nobody can enter: %s\n", filepath.Join(data, access.FileName))
	case !a.Claimed() && page != "":
		fmt.Fprintf(w, "  claim    it has no owner yet: %s claim --data %s, or %s/claim with the code on the display\n", typed(os.Args[0]), data, page)
	case !a.Claimed():
		fmt.Fprintf(w, "  claim    it has no owner yet: %s claim --data %s\n", typed(os.Args[0]), data)
	case page != "":
		fmt.Fprintf(w, "  people   %s/login\n", page)
	}
	if page != "" {
		fmt.Fprintf(w, "  key      %s\n", h.doors.cert.State().Groups)
	}
}

// accounts are the doors as the console asks for them.
type accounts struct{ *access.Access }

// Login implements console.Access. It waits out a short wait at the serial line: whoever stands there
// is slowed down, not sent away.
func (a accounts) Login(ctx context.Context, name, password string, via tel.Door, from string) (tel.Who, error) {
	for {
		who, err := a.Access.Login(ctx, name, password, via, from)
		r, ok := errors.AsType[*access.Refusal](err)
		if !ok || via != tel.DoorSerial || r.Wait <= 0 || r.Wait > time.Minute {
			return who, err
		}
		select {
		case <-time.After(r.Wait):
		case <-ctx.Done():
			return tel.Who{}, err
		}
	}
}
