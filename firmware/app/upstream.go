package app

import (
	"context"
	"fmt"
	"sync"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/uplink"
	"github.com/centralita/centralita/firmware/uplink/httpsink"
)

// upstream are the uplinks. They may change while the house runs.
type upstream struct {
	mu   sync.Mutex
	list []*oneUplink
	work context.Context // of the house; nil until it runs
	part func(string, func(context.Context) error)
}

// oneUplink is an uplink of the configuration.
type oneUplink struct {
	conf  config.Uplink
	token string
	up    *uplink.Uplink
	stop  context.CancelFunc
	ended chan struct{}
}

// begin makes the uplinks of cfg ready.
func (u *upstream) begin(h *House, cfg *config.Config) (err error) {
	u.list, err = u.prepare(h, cfg, h.secrets)
	return err
}

// prepare makes the uplinks of cfg; one that stays as it was, its token too, is the one
// that runs.
func (u *upstream) prepare(h *House, cfg *config.Config, secrets *secret.Store) ([]*oneUplink, error) {
	var out []*oneUplink
	for _, c := range cfg.Uplinks {
		token, err := secrets.Resolve(c.Token)
		if err != nil {
			return nil, fmt.Errorf("cannot use uplink %s: %w", c.ID, err)
		}
		if same := u.find(c, token); same != nil {
			out = append(out, same)
			continue
		}
		sink, err := httpsink.New(httpsink.Config{ID: c.ID, Site: cfg.Site.ID, URL: c.URL, Token: token, CA: c.CA, Dial: h.out.DialUplink})
		if err != nil {
			return nil, err
		}
		out = append(out, &oneUplink{conf: c, token: token, ended: make(chan struct{}), up: uplink.New(c.ID, h.book, sink, uplink.Options{
			Batch: c.Batch, Every: c.Every, Seed: uint64(h.started.UnixNano()), Log: h.log.With("uplink", c.ID),
		})})
	}
	return out, nil
}

// find returns the uplink that is just so already.
func (u *upstream) find(c config.Uplink, token string) *oneUplink {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, o := range u.list {
		if o.conf == c && o.token == token {
			return o
		}
	}
	return nil
}

// run begins to send.
func (u *upstream) run(work context.Context, part func(string, func(context.Context) error)) {
	u.work, u.part = work, part
	for _, o := range u.list {
		u.start(o)
	}
}

func (u *upstream) start(o *oneUplink) {
	ctx, stop := context.WithCancel(u.work)
	o.stop = stop
	u.part("an uplink", func(context.Context) error {
		defer close(o.ended)
		defer stop()
		if err := o.up.Run(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		return nil
	})
}

// swap sends by next from now on. One that changed begins when the one before has
// ended: both read on from the same place.
func (u *upstream) swap(next []*oneUplink) {
	u.mu.Lock()
	old := u.list
	u.list = next
	u.mu.Unlock()
	keep := map[*oneUplink]bool{}
	for _, o := range next {
		keep[o] = true
	}
	for _, o := range old {
		if !keep[o] {
			o.stop()
			<-o.ended
		}
	}
	for _, o := range next {
		if o.stop == nil {
			u.start(o)
		}
	}
}

// states are the states of all, in the order of the configuration.
func (u *upstream) states() []uplink.State {
	u.mu.Lock()
	defer u.mu.Unlock()
	var out []uplink.State
	for _, o := range u.list {
		out = append(out, o.up.State())
	}
	return out
}
