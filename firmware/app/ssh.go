package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/sshd"
	"github.com/centralita/centralita/firmware/tel"
)

// Times of SSH.
const (
	sshLook  = time.Second      // how often it is looked whether the box has its owner now
	sshAgain = 30 * time.Second // after it could not be served
)

// sshDoor is what is known of SSH, for `ssh`.
type sshDoor struct{ state atomic.Pointer[console.SSH] }

func (d *sshDoor) say(s console.SSH) { d.state.Store(&s) }

// sshState is SSH as the console shows it.
func (h *House) sshState() console.SSH {
	if s := h.ssh.state.Load(); s != nil {
		return *s
	}
	return console.SSH{Why: "access: ssh: names no address"}
}

// serveSSH serves SSH where the document says, once the box has its owner. What keeps it
// from that is no reason for the house to end.
func (h *House) serveSSH(ctx context.Context) error {
	at := h.cfg.Access.SSH
	h.ssh.say(console.SSH{Addr: at.String(), Why: "the box has no owner yet"})
	look := time.NewTicker(sshLook)
	defer look.Stop()
	for !h.doors.access.Claimed() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
	}
	for ctx.Err() == nil {
		if err := h.openSSH(ctx, at); err != nil && ctx.Err() == nil {
			h.ssh.say(console.SSH{Addr: at.String(), Why: err.Error()})
			h.log.Error("no SSH", "err", err)
			again := time.NewTimer(sshAgain)
			select {
			case <-again.C:
			case <-ctx.Done():
				again.Stop()
			}
		}
	}
	return nil
}

// openSSH listens and serves until ctx ends or it fails.
func (h *House) openSSH(ctx context.Context, at netip.AddrPort) error {
	if h.doors.access.Trouble() != nil {
		return errors.New("the accounts cannot be used")
	}
	key, err := sshd.HostKey(h.dir)
	if err != nil {
		return err
	}
	l, err := h.out.SSH(at)
	if err != nil {
		return fmt.Errorf("cannot listen for SSH: %w", err)
	}
	c := h.desk()
	s := sshd.New(sshd.Config{Key: key, Door: h.doors.access, Log: h.log, Idle: h.cfg.Access.Console, Lang: h.cfg.Site.Language,
		Exec: func(ctx context.Context, x sshd.Command) int {
			return c.ExecLine(ctx, h.asNow(x.Who), x.Line, console.Stream{From: x.From, In: x.In, Out: x.Out, Err: x.Err, Raw: x.Raw})
		},
		Shell: func(ctx context.Context, x sshd.Session) error {
			sizes := make(chan console.Size)
			go func() { // ends with the session
				for {
					select {
					case z := <-x.Resize:
						select {
						case sizes <- console.Size(z):
						case <-ctx.Done():
							return
						}
					case <-ctx.Done():
						return
					}
				}
			}()
			return c.Shell(ctx, console.Desk{Who: x.Who, From: x.From, In: console.Pump(ctx, x.In), Out: x.Out, Size: console.Size(x.Size), Resize: sizes, Idle: h.cfg.Access.Console, Ended: x.Ended})
		}})
	h.ssh.say(console.SSH{On: true, Addr: l.Addr().String(), Fingerprint: s.Fingerprint()})
	return s.Serve(ctx, l)
}

// asNow is who with the role that his account has by now.
func (h *House) asNow(who tel.Who) tel.Who {
	who.Role = h.doors.access.RoleOf(who.Name)
	return who
}
