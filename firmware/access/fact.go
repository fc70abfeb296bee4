package access

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// What happened at a door.
type What string

// Happenings, as the book names them for ever.
const (
	WasClaimed  What = "claimed"
	CodeLocked  What = "code.locked" // too many wrong claim codes; Detail: the wait
	LoggedIn    What = "login"       // Detail: password or key
	LoggedOut   What = "logout"
	WasRefused  What = "refused"  // Name is empty for one that is no account: it may be a password typed in the wrong place
	LockedOut   What = "locked"   // Detail: person or source, and the wait
	Moved       What = "moved"    // a session was seen at another address
	PasswordSet What = "password" // Name: whose
	Changed     What = "account"  // Name: whose; Detail: added, removed, role, key added, key removed
)

// Fact is one happening for the book. It holds no secret.
type Fact struct {
	What   What
	At     time.Time
	Name   string  // the account it is about
	By     tel.Who // who did it, or tried to
	From   string  // the source, as the door knows it
	Detail string
	Count  int // of others like it that were not told one by one
}

// tell books a fact. The caller holds mu.
func (a *Access) tell(f Fact) {
	f.At = time.Now()
	if f.What == WasRefused || f.What == LockedOut {
		t := a.tallyOf(f.What, f.By.Via)
		var told bool
		if f.Count, told = t.admit(f.At, source(f.By.Via, f.From)); !told {
			a.rouse() // somebody must say at the hour's end how many there were
			return
		}
	}
	if a.opt.Book != nil {
		a.opt.Book(f)
	}
}

// happening is what tallies are kept of.
type happening struct {
	what What
	via  tel.Door
}

// tallyOf returns the count of something at a door. The caller holds mu.
func (a *Access) tallyOf(what What, via tel.Door) *tally {
	h := happening{what, via}
	t := a.tallies[h]
	if t == nil {
		t = &tally{}
		a.tallies[h] = t
	}
	return t
}

// sum books how many were not told one by one in an hour that is over. The caller holds
// mu.
func (a *Access) sum(now time.Time) {
	all := slices.SortedFunc(maps.Keys(a.tallies), func(x, y happening) int {
		return cmp.Or(cmp.Compare(x.what, y.what), cmp.Compare(x.via, y.via))
	})
	for _, h := range all {
		if n := a.tallies[h].over(now); n > 0 && a.opt.Book != nil {
			a.opt.Book(Fact{What: h.what, At: now, By: tel.Who{Via: h.via}, Detail: "more in an hour", Count: n})
		}
	}
}
