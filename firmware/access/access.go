package access

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/access/claim"
	"github.com/centralita/centralita/firmware/tel"
)

// Options say how an Access works; the zero value is good but tells no book.
type Options struct {
	Book    func(Fact) // is told everything; it must not block
	Changed func()     // is called when the code or the claim changed; it must not block
	Idle    time.Duration
	Longest time.Duration
	// Date is the date that goes with an instant, for what people read; nil: its own.
	Date func(time.Time) time.Time
	Cost Cost // of a password's hash
}

// Access is who may enter this box. It may be used by many at once.
type Access struct {
	opt    Options
	path   string
	hasher *hasher
	wake   chan struct{} // Run looks at the deadline anew

	mu       sync.Mutex
	trouble  error // the file could not be used: nobody may enter, and nobody claim
	people   []person
	claim    *claim.Machine
	code     string
	tickets  map[digestOf]time.Time // of proved codes, until when
	sessions map[digestOf]*session
	standing map[string]chan struct{} // of a person: closed when sessions of other doors must end
	guard    guard
	known    map[string]time.Time // person and source that have entered
	tallies  map[happening]*tally // of what is not always told by itself
}

// Open reads the accounts of the data folder dir. A file that cannot be used leaves
// a box that nobody enters and nobody can claim; Trouble says why.
func Open(dir string, opt Options) *Access {
	if opt.Idle == 0 {
		opt.Idle = DefaultIdle
	}
	if opt.Longest == 0 {
		opt.Longest = DefaultLongest
	}
	if opt.Date == nil {
		opt.Date = func(t time.Time) time.Time { return t }
	}
	a := &Access{opt: opt, path: filepath.Join(dir, FileName), hasher: newHasher(opt.Cost), wake: make(chan struct{}, 1),
		tickets: map[digestOf]time.Time{}, sessions: map[digestOf]*session{}, standing: map[string]chan struct{}{}, guard: guard{}, known: map[string]time.Time{}, tallies: map[happening]*tally{}}
	a.people, a.trouble = load(a.path)
	a.claim = claim.New(a.trouble != nil || len(a.people) > 0)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.step(claim.TimedOut{})
	return a
}

// Trouble says why the accounts cannot be used; nil when they can.
func (a *Access) Trouble() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.trouble
}

// Run makes a new code whenever the present one has run out, and tells of refusals
// that were not told one by one, until ctx ends.
func (a *Access) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			a.mu.Lock()
			a.step(claim.TimedOut{})
			a.sum(time.Now())
			a.mu.Unlock()
		case <-a.wake:
		}
		at, due := a.deadline()
		if timer.Stop(); due {
			timer.Reset(time.Until(at))
		}
	}
}

// deadline is when Run has something to do.
func (a *Access) deadline() (at time.Time, due bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, due = a.claim.Deadline()
	for _, t := range a.tallies {
		if end, more := t.due(); more && (!due || end.Before(at)) {
			at, due = end, true
		}
	}
	return at, due
}

// step feeds the claim's machine and does what it says. The caller holds mu. It
// returns the answer to a Try.
func (a *Access) step(ev claim.Event) (admitted bool, refused claim.Refused) {
	now := time.Now()
	out := a.claim.Step(now, ev, nil)
	for i := 0; i < len(out); i++ {
		switch e := out[i].(type) {
		case claim.NeedRandom:
			out = a.claim.Step(now, claim.Random{Bytes: [claim.Bytes]byte(random(claim.Bytes))}, out)
		case claim.Show:
			a.code = e.Code
			a.changed()
		case claim.Hide:
			a.code = ""
			clear(a.tickets)
			a.changed()
		case claim.Locked:
			a.tell(Fact{What: CodeLocked, Detail: span(e.Wait)})
		case claim.Admitted:
			admitted = true
		case claim.Refused:
			refused = e
		}
	}
	return admitted, refused
}

// rouse lets Run look at its deadline anew.
func (a *Access) rouse() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *Access) changed() {
	a.rouse()
	if a.opt.Changed != nil {
		a.opt.Changed()
	}
}

// Claimed reports whether the box has an owner, or may have one that cannot be read.
func (a *Access) Claimed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.claim.State() == claim.Claimed
}

// Code returns the code to show at the box and until when; an empty code with a
// time is a wait, an empty one without is a box that has its owner. It is for the
// display and the serial line, never for the network.
func (a *Access) Code() (code string, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.code, a.claim.Until()
}

// Window returns what may be told of the code to anybody: how long it is good, how
// many wrong tries it stands, and whether none is taken for so long.
func (a *Access) Window() (good time.Duration, left int, waiting bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return max(0, time.Until(a.claim.Until())), a.claim.Left(), a.claim.State() == claim.Waiting
}

// Prove takes the code from the display or the serial line and returns a ticket with
// which Own makes the owner. The code is spent.
func (a *Access) Prove(_ context.Context, code, from string) (ticket string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.claim.State() == claim.Claimed {
		return "", errClaimed
	}
	now := time.Now()
	admitted, refused := a.step(claim.Try{Code: code})
	if !admitted {
		a.tell(Fact{What: WasRefused, By: tel.Who{Via: tel.DoorWeb}, From: from, Detail: "claim code"})
		if refused.Wait.IsZero() {
			return "", wrongCode(refused.Left, 0)
		}
		return "", wrongCode(0, refused.Wait.Sub(now))
	}
	for k, until := range a.tickets {
		if !now.Before(until) {
			delete(a.tickets, k)
		}
	}
	ticket, kept := newToken()
	a.tickets[kept] = now.Add(claim.Hold)
	return ticket, nil
}

// Proved reports whether a ticket is still good.
func (a *Access) Proved(ticket string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	until, ok := a.tickets[digestOf(sha256.Sum256([]byte(ticket)))]
	return ok && time.Now().Before(until)
}

// Own makes the first owner. The ticket is of Prove; whoever is at the serial line
// or the socket stands before the box and needs none.
func (a *Access) Own(ctx context.Context, ticket, name, password string, via tel.Door, from string) (tel.Who, error) {
	present := via == tel.DoorSerial || via == tel.DoorSocket
	check := func() error {
		switch {
		case a.trouble != nil:
			return a.unusable()
		case a.Claimed():
			return errClaimed
		case !present && !a.Proved(ticket):
			return errTicket
		}
		return nil
	}
	if err := check(); err != nil {
		return tel.Who{}, err
	}
	name, err := CleanName(name)
	if err == nil {
		err = CheckPassword(name, password)
	}
	if err != nil {
		return tel.Who{}, err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return tel.Who{}, err
	}
	if err := check(); err != nil { // another may have been faster
		return tel.Who{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.claim.State() == claim.Claimed {
		return tel.Who{}, errClaimed
	}
	now := a.opt.Date(time.Now())
	first := []person{{Name: name, Role: tel.Owner, Hash: hash, Since: now, Changed: now, Entered: now}}
	if err := save(a.path, first); err != nil {
		return tel.Who{}, err
	}
	a.people = first
	a.known[name+"\x00"+source(via, from)] = time.Now()
	a.step(claim.Owned{})
	who := tel.Who{Name: name, Role: tel.Owner, Via: via}
	a.tell(Fact{What: WasClaimed, Name: name, By: who, From: from})
	return who, nil
}

// Claim is Prove and Own in one; at the serial line and the socket the code is not
// looked at.
func (a *Access) Claim(ctx context.Context, code, name, password string, via tel.Door) (tel.Who, error) {
	from, ticket := string(via), ""
	if via != tel.DoorSerial && via != tel.DoorSocket {
		clean, err := CleanName(name)
		if err == nil {
			err = CheckPassword(clean, password)
		}
		if err != nil {
			return tel.Who{}, err
		}
		if ticket, err = a.Prove(ctx, code, from); err != nil {
			return tel.Who{}, err
		}
	}
	return a.Own(ctx, ticket, name, password, via, from)
}

// unusable says that the accounts cannot be read; the log has the details.
func (a *Access) unusable() error {
	return &Refusal{ES: "las cuentas no se pueden leer: nadie puede entrar; pista: restaurar una copia, o factory-reset en el puerto serie",
		EN: "the accounts cannot be read: nobody can enter; hint: restore a backup, or factory-reset at the serial line"}
}

// find returns the account of a name. The caller holds mu.
func (a *Access) find(name string) *person {
	i := slices.IndexFunc(a.people, func(p person) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &a.people[i]
}

// change does something to a copy of the accounts, saves them, and only then makes
// them the accounts. The caller holds mu.
func (a *Access) change(do func(people []person) ([]person, error)) error {
	if a.trouble != nil {
		return a.unusable()
	}
	if len(a.people) == 0 {
		return errUnclaimed
	}
	people := slices.Clone(a.people)
	for i := range people {
		people[i].Keys = slices.Clone(people[i].Keys)
	}
	people, err := do(people)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(people, func(p person) bool { return p.Role == tel.Owner }) {
		return errLast
	}
	if len(people) > MaxPeople {
		return bad(fmt.Sprintf("caben %d cuentas", MaxPeople), fmt.Sprintf("%d accounts are possible", MaxPeople))
	}
	if err := save(a.path, people); err != nil {
		return err
	}
	a.people = people
	return nil
}
