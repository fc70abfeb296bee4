package access

import (
	"bytes"
	"context"
	"math"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/gatehouse"
	"github.com/centralita/centralita/firmware/tel"
)

// source is the key under which failures from somewhere are counted.
func source(via tel.Door, from string) string {
	host := gatehouse.Source(from)
	if len(host) > 64 {
		host = host[:64]
	}
	return string(via) + " " + host
}

// attempt is what a log-in is judged by.
type attempt struct {
	name   string // empty: it can be none
	person string // key of the guard; empty: the person is not counted
	source string
	rule   rule          // of the source
	wait   time.Duration // the person has, unless it was right
	via    tel.Door
	from   string
}

// share is the key under which the failures of a source for this one name are counted.
func (at *attempt) share() string { return at.source + "\x00" + at.name }

// Login checks a name and a password. from is the source, as an address or the name
// of a serial line. An unknown name costs the same time and gets the same answer.
func (a *Access) Login(ctx context.Context, name, password string, via tel.Door, from string) (tel.Who, error) {
	at := attempt{source: source(via, from), rule: sourceRule, via: via, from: from}
	at.name, _ = CleanName(name) // what is no name is an unknown one
	if via == tel.DoorSerial || via == tel.DoorSocket {
		at.rule = serialRule
	}
	kept, err := a.admit(&at, name)
	if err != nil {
		return tel.Who{}, err
	}
	if len(password) > 4*MaxPassword {
		password = "" // no account has it; what it costs stays the same
	}
	ok, old, err := a.hasher.check(ctx, kept, password)
	if err != nil {
		a.mu.Lock()
		a.guard.undo(at.person)
		a.mu.Unlock()
		return tel.Who{}, err
	}
	who, err := a.judge(&at, kept, ok)
	if err == nil && old {
		a.renew(ctx, who.Name, kept, password)
	}
	return who, err
}

// admit decides whether the attempt is judged at all, and returns the hash to judge
// it by. The failure of a person is counted beforehand and taken back when it was
// none: a hundred tries at once are not a hundred guesses.
func (a *Access) admit(at *attempt, typed string) (kept string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	switch {
	case a.trouble != nil:
		return "", a.unusable()
	case len(a.people) == 0:
		return "", errUnclaimed
	}
	if wait := a.guard.wait(now, at.source); wait > 0 {
		a.unjudged(now, at.via)
		return "", locked(wait)
	}
	name := at.name
	if name == "" {
		name = "\x00" + strings.ToLower(typed[:min(len(typed), 64)])
	}
	_, entered := a.known[name+"\x00"+at.source]
	if at.rule != serialRule && !entered {
		at.person = "person " + name
		if wait := a.guard.wait(now, at.person); wait > 0 {
			a.unjudged(now, at.via)
			return "", locked(wait)
		}
		at.wait = a.guard.fail(now, at.person, personRule)
	}
	if p := a.find(at.name); p != nil {
		return p.Hash, nil
	}
	return a.hasher.dummy, nil
}

// unjudged counts an attempt that came in a wait. The caller holds mu.
func (a *Access) unjudged(now time.Time, via tel.Door) {
	a.tallyOf(WasRefused, via).more(now)
	a.rouse()
}

// maxKnown bounds the memory of who entered from where.
const maxKnown = 1024

// judge says what came of an attempt, and books it.
func (a *Access) judge(at *attempt, kept string, ok bool) (tel.Who, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	by := tel.Who{Via: at.via}
	p := a.find(at.name)
	if p != nil {
		by.Name = p.Name
	}
	if !ok || p == nil || p.Hash != kept {
		wait := a.guard.fail(now, at.source, at.rule)
		a.guard.fail(now, at.share(), rule{free: math.MaxInt})
		a.tell(Fact{What: WasRefused, Name: by.Name, By: by, From: at.from, Detail: "password"})
		if at.wait > 0 {
			a.tell(Fact{What: LockedOut, Name: by.Name, By: by, From: at.from, Detail: "person " + span(at.wait)})
		}
		if wait > 0 {
			a.tell(Fact{What: LockedOut, Name: by.Name, By: by, From: at.from, Detail: "source " + span(wait)})
		}
		return tel.Who{}, errDenied
	}
	if at.person != "" {
		a.guard.clear(at.person)
	}
	a.guard.forgive(at.source, at.share())
	return a.entered(p, at.via, at.from, "password"), nil
}

// entered notes that somebody came in. The caller holds mu.
func (a *Access) entered(p *person, via tel.Door, from, how string) tel.Who {
	now := time.Now()
	if len(a.known) >= maxKnown {
		oldest := ""
		for k, t := range a.known {
			if oldest == "" || t.Before(a.known[oldest]) {
				oldest = k
			}
		}
		delete(a.known, oldest)
	}
	a.known[p.Name+"\x00"+source(via, from)] = now
	p.Entered = a.opt.Date(now)
	who := tel.Who{Name: p.Name, Role: p.Role, Via: via}
	a.tell(Fact{What: LoggedIn, Name: p.Name, By: who, From: from, Detail: how})
	return who
}

// renew keeps a password at today's cost. Failing leaves it as it was.
func (a *Access) renew(ctx context.Context, name, kept, password string) {
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = a.change(func(people []person) ([]person, error) { // it is tried again at the next log-in
		for i := range people {
			if people[i].Name == name && people[i].Hash == kept {
				people[i].Hash = hash
			}
		}
		return people, nil
	})
}

// Keys returns the SSH public keys of a person, as lines of authorized_keys; none
// for an unknown name.
func (a *Access) Keys(name string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var lines []string
	if p := a.find(name); p != nil {
		for _, k := range p.Keys {
			lines = append(lines, k.Line)
		}
	}
	return lines
}

// KeyOf reports whether key (RFC 4253, section 6.6, on the wire) is one of the
// person's, and who that is. It books nothing: SSH asks before the signature is
// checked. Arrived is for afterwards.
func (a *Access) KeyOf(name string, key []byte) (tel.Who, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keyOf(name, key)
}

func (a *Access) keyOf(name string, key []byte) (tel.Who, bool) {
	if p := a.find(name); p != nil {
		for _, k := range p.Keys {
			if bytes.Equal(k.wire, key) {
				return tel.Who{Name: p.Name, Role: p.Role, Via: tel.DoorSSH}, true
			}
		}
	}
	return tel.Who{}, false
}

// Arrived books that somebody has entered by a key, if it is still his: the proof took
// its time. ended is as of Standing.
func (a *Access) Arrived(name string, key []byte, from string) (who tel.Who, ended <-chan struct{}, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if who, ok = a.keyOf(name, key); !ok {
		return tel.Who{}, nil, false
	}
	return a.entered(a.find(name), tel.DoorSSH, from, "key"), a.stands(name), true
}

// Refused books that somebody over SSH has shown no key of an account. Keys cannot be
// guessed, so there is no wait.
func (a *Access) Refused(name, from string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	by := tel.Who{Via: tel.DoorSSH}
	if p := a.find(name); p != nil {
		by.Name = p.Name
	}
	a.tell(Fact{What: WasRefused, Name: by.Name, By: by, From: from, Detail: "key"})
}

// RoleOf returns the role that an account has now; Nobody when there is none. A
// session that lasts asks it again before each command.
func (a *Access) RoleOf(name string) tel.Role {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.find(name); p != nil {
		return p.Role
	}
	return tel.Nobody
}
