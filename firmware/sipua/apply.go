package sipua

import (
	"cmp"
	"reflect"

	"github.com/centralita/centralita/firmware/tel"
)

// roster is whom the agent knows. It is replaced as a whole.
type roster struct {
	phones map[tel.Number]*Phone
	trunks []*trunk
	users  map[string]string // user name → password, of phones and of trunks that register here
	calls  int               // at most at once
	urgent func(tel.Number) bool
}

func (a *Agent) roster() *roster { return a.who.Load() }

// newRoster knows whom cfg names. A trunk that was known and is still the same
// keeps what is known of it.
func newRoster(cfg Config, old *roster) *roster {
	r := &roster{phones: map[tel.Number]*Phone{}, users: map[string]string{}, calls: cmp.Or(cfg.Calls, defaultCalls), urgent: cfg.Urgent}
	for i := range cfg.Phones {
		p := &cfg.Phones[i]
		r.phones[p.Ext] = p
		r.users[string(p.Ext)] = p.Password
	}
	for _, t := range cfg.Trunks {
		next := &trunk{Trunk: t}
		if was := old.trunk(t.ID); was != nil {
			if reflect.DeepEqual(was.Trunk, t) {
				next = was
			} else if sameAccount(was.Trunk, t) {
				was.mu.Lock()
				next.addrs, next.looked, next.up, next.why, next.realm = was.addrs, was.looked, was.up, was.why, was.realm
				was.mu.Unlock()
			}
		}
		r.trunks = append(r.trunks, next)
		if t.Accepts {
			r.users[t.User] = t.Password
		}
	}
	return r
}

func (r *roster) trunk(id tel.TrunkID) *trunk {
	if r != nil {
		for _, t := range r.trunks {
			if t.ID == id {
				return t
			}
		}
	}
	return nil
}

// sameAccount reports whether a registration of a goes on for b.
func sameAccount(a, b Trunk) bool {
	return a.Server == b.Server && a.TCP == b.TCP && a.Register == b.Register && a.Accepts == b.Accepts && a.User == b.User && a.Password == b.Password &&
		a.Number == b.Number // it is what we are called where there is no user
}

// Apply takes over phones, trunks and the number of calls of cfg while calls go on;
// whatever else cfg says stays as New was told. Calls of phones and trunks that are
// gone go on to their end. A phone or trunk whose password changed registers again;
// a trunk that changed is first signed off, then registered anew.
func (a *Agent) Apply(cfg Config) error {
	if err := cfg.check(); err != nil {
		return err
	}
	old := a.roster()
	now := newRoster(cfg, old)
	a.who.Store(now)
	for ext, p := range old.phones {
		if next := now.phones[ext]; next != nil && next.Password == p.Password {
			continue
		}
		if _, ok := a.bindings.Remove(ext); ok {
			a.phoneState(ext, false, "the configuration changed")
		}
	}
	for _, was := range old.trunks {
		if next := now.trunk(was.ID); next == nil || !sameAccount(was.Trunk, next.Trunk) {
			if _, ok := a.dialins.Remove(tel.Number(was.ID)); ok {
				a.trunkUp(next, false, "the configuration changed")
			}
		}
	}
	<-a.serving
	kept := map[*trunk]bool{}
	for _, t := range old.trunks {
		if next := now.trunk(t.ID); next != nil && (next == t || sameAccount(t.Trunk, next.Trunk)) {
			kept[t] = true
		}
	}
	a.keepTrunks(old, now, kept)
	a.watchExpiry()
	return nil
}

// keepTrunks ends the keepers of trunks that are gone or changed, and begins those
// of new ones: where one changed only when the old registration is taken back.
func (a *Agent) keepTrunks(old, now *roster, kept map[*trunk]bool) {
	for _, next := range now.trunks {
		was := old.trunk(next.ID)
		if was == nil || !kept[was] && !(was.Server != "") {
			a.startTrunk(next)
		} else if kept[was] && next.Server == "" && !next.Accepts {
			a.startTrunk(next) // it only tells that it is there
		}
	}
	a.eachTrunk(func(b *mailbox) {
		next := now.trunk(b.reg.t.ID)
		switch {
		case b.reg.off || b.reg.t == next:
		case kept[b.reg.t]:
			b.reg.t = next
		default:
			id := b.reg.t.ID
			b.reg.after = func() { a.startNext(id) }
			b.dismiss().signOff()
		}
	})
}

// startNext begins what keeps a trunk up whose old registration is taken back, by what
// is known of it now: it may have changed again meanwhile, or be gone.
func (a *Agent) startNext(id tel.TrunkID) {
	a.mu.Lock()
	closing := a.closing
	a.mu.Unlock()
	if t := a.roster().trunk(id); t != nil && !closing {
		a.startTrunk(t)
	}
}
