package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/update"
	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/rollout"
	"github.com/centralita/centralita/firmware/update/trial"
	"github.com/centralita/centralita/firmware/view"
)

// Where the image keeps what belongs to updates.
const (
	updateKeys   = "/etc/centralita/keys"
	updateFolder = "updates" // of the data folder; the keeper takes bundles from nowhere else
)

// buildUpdates makes the program's half of updates.
func (h *House) buildUpdates() error {
	dir := filepath.Join(h.dir, updateFolder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the folder of updates: %w", err)
	}
	var keys *ctl.Keys
	if _, err := os.Stat(updateKeys); err == nil { // the keeper judges by his own
		if keys, err = ctl.LoadKeys(os.DirFS(updateKeys)); err != nil {
			h.log.Error("update keys", "err", err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		h.log.Error("update keys", "err", err)
	}
	c := h.cfg.Update
	u, err := update.New(update.Config{
		Keeper: h.keeper, Dir: dir, Keys: keys, URL: c.URL, Version: Version, Started: h.started, Boot: h.clock.run(), Booted: h.machineUp, Log: h.log.With("part", "update"),
		Auto:    rollout.Settings{Off: c.Off, Site: h.cfg.Site.ID, Ring: ctl.Ring(c.Ring), From: c.From, To: c.To, Location: h.cfg.Site.Location},
		Client:  &http.Client{Transport: h.updateRoad(), CheckRedirect: onlyHTTPS},
		Now:     h.clock.Now,
		Trusted: func() bool { return h.clock.State().Trusted() },
		Calls:   func() int { return len(h.store.Get().Calls) },
		Idle:    func(ctx context.Context) error { return h.whenIdle(ctx, 0) },
		Reboot:  h.startOver,
		Ports:   h.portsThatAnswer,
		Checks: map[trial.Check]func(context.Context) error{
			trial.Ports: h.checkPorts, trial.Audio: h.checkAudio, trial.Book: h.checkBook, trial.Web: h.checkWeb,
		},
		Book: func(who tel.Who, what, detail string) {
			h.book.Append(call.Fact{Kind: call.Updated, At: time.Now(), State: what, Reason: whose(who), Evidence: detail})
		},
	})
	h.updates = u
	return err
}

// machineUp is when the machine started.
func (h *House) machineUp() time.Time {
	if h.booted.IsZero() {
		return booted(h.started)
	}
	return h.booted
}

// onlyHTTPS follows no way out of TLS.
func onlyHTTPS(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) > 5:
		return errors.New("the server sends us on and on")
	case r.URL.Scheme != "https":
		return fmt.Errorf("the server sends us to %s by %s, which is not https", r.URL.Host, r.URL.Scheme)
	}
	return nil
}

// portsThatAnswer counts the wired ports whose pump moves.
func (h *House) portsThatAnswer() int {
	n := len(h.signs.ports)
	for _, p := range h.checks.Late(time.Now()) {
		if strings.HasPrefix(p.Name, "port ") {
			n--
		}
	}
	return n
}

// checkPorts fails when a port does not answer, or fewer do than before the update.
func (h *House) checkPorts(context.Context) error {
	if err := h.late("port "); err != nil {
		return err
	}
	if have, want := h.portsThatAnswer(), h.updates.PortsBefore(); have < want {
		return fmt.Errorf("%d ports answer, %d did before", have, want)
	}
	return nil
}

// late returns an error when a part of that name is overdue.
func (h *House) late(prefix string) error {
	for _, p := range h.checks.Late(time.Now()) {
		if strings.HasPrefix(p.Name, prefix) {
			return fmt.Errorf("%s gives no sign", p.Name)
		}
	}
	return nil
}

// checkAudio fails when the loop or the audio of a core hangs, or is often late.
func (h *House) checkAudio(context.Context) error {
	if h.stutters.Load() {
		return errors.New("the audio is late")
	}
	return errors.Join(h.late("loop"), h.late("shard "))
}

// checkBook writes a row, once, and reads it back.
func (h *House) checkBook(ctx context.Context) error {
	if st := h.book.State(); st.Err != nil {
		return st.Err
	}
	mark := "trial begun " + strconv.FormatInt(h.started.UnixNano(), 10)
	h.proof.begun.Do(func() { h.book.Append(call.Fact{Kind: call.Updated, At: time.Now(), State: "trial", Evidence: mark}) })
	if err := h.late("writer"); err != nil {
		return err
	}
	rows := 1
	if !h.proof.read {
		rows = 500 // a busy house has written since
	}
	for row, err := range h.book.TailLines(ctx, rows) {
		if err != nil {
			return err
		}
		if h.proof.read = h.proof.read || strings.Contains(string(row), mark); h.proof.read {
			return nil
		}
	}
	return errors.New("the row that was written is not there yet")
}

// proof is that the book can be written and read. The check of the book alone has it.
type proof struct {
	begun sync.Once
	read  bool
}

// checkWeb asks our own page for a sign of life.
func (h *House) checkWeb(ctx context.Context) error {
	if h.out.Web == nil {
		return nil
	}
	at, err := netip.ParseAddrPort(h.out.Web.Addr().String())
	if err != nil {
		return fmt.Errorf("cannot reach our own page: %w", err)
	}
	if at.Addr().IsUnspecified() {
		local := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if at.Addr().Is6() {
			local = netip.IPv6Loopback()
		}
		at = netip.AddrPortFrom(local, at.Port())
	}
	dial := h.out.DialTCP
	if dial == nil {
		dial = func(ctx context.Context, addr string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		}
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) { return dial(ctx, addr) }},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at.String()+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("our own page answers %s", resp.Status)
	}
	return nil
}

// updateNotices are the conditions that updates raise.
var updateNotices = []string{"update.fell", "update.slot", "update.trial", "update.start", "update.staged"}

// holdUpdates raises and clears the conditions of updates.
func (h *House) holdUpdates(now time.Time) {
	stands := map[string]bool{}
	for _, n := range h.updates.Notices() {
		stands[n.ID] = true
		rank := view.Attention
		if n.Urgent {
			rank = view.Urgent
		}
		h.register.Raise(now, health.Condition{ID: n.ID, Rank: rank, ES: n.ES, EN: n.EN, HintES: n.HintES, HintEN: n.HintEN})
	}
	for _, id := range updateNotices {
		if !stands[id] {
			h.register.Clear(now, id)
		}
	}
}
