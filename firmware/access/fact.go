package access

import (
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

// Few refusals an hour are told one by one, so that a guesser does not fill the book.
const refusalsAnHour = 120

// tell books a fact. The caller holds mu.
func (a *Access) tell(f Fact) {
	f.At = time.Now()
	if f.What == WasRefused {
		if f.At.Sub(a.hour) >= time.Hour {
			a.hour, a.told = f.At, 0
		}
		if a.told++; a.told > refusalsAnHour {
			a.untold++
			return
		}
		f.Count, a.untold = a.untold, 0
	}
	if a.opt.Book != nil {
		a.opt.Book(f)
	}
}
