package access

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Bounds of sessions. They live in memory: a restart ends them all.
const (
	DefaultIdle    = 30 * time.Minute
	DefaultLongest = 12 * time.Hour
	maxSessions    = 256
	maxOfOne       = 8 // of one person; the oldest gives way
)

// session is one browser that has logged in.
type session struct {
	name  string
	via   tel.Door
	from  string
	began time.Time
	seen  time.Time
	moved bool // the book knows that it was seen elsewhere
	ended chan struct{}
}

// digestOf is what is kept of a token.
type digestOf [sha256.Size]byte

func newToken() (token string, kept digestOf) {
	token = hex.EncodeToString(random(32))
	return token, sha256.Sum256([]byte(token))
}

// Begin opens a session for who has just logged in and returns its token, which is
// kept nowhere but as a digest.
func (a *Access) Begin(who tel.Who, from string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.expire(now)
	var oldest digestOf
	mine := 0
	var first, any time.Time
	var oldestAny digestOf
	for k, s := range a.sessions {
		if s.name == who.Name {
			if mine++; first.IsZero() || s.seen.Before(first) {
				first, oldest = s.seen, k
			}
		}
		if any.IsZero() || s.seen.Before(any) {
			any, oldestAny = s.seen, k
		}
	}
	if mine >= maxOfOne {
		a.drop(oldest)
	} else if len(a.sessions) >= maxSessions {
		a.drop(oldestAny)
	}
	token, kept := newToken()
	a.sessions[kept] = &session{name: who.Name, via: who.Via, from: from, began: now, seen: now, ended: make(chan struct{})}
	return token
}

// Session returns whose token this is, with the role he has now. One seen at
// another address than it began at goes on, and the book says so once.
func (a *Access) Session(token, from string) (tel.Who, bool) {
	kept := digestOf(sha256.Sum256([]byte(token)))
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	s := a.sessions[kept]
	if s == nil {
		return tel.Who{}, false
	}
	p := a.find(s.name)
	if p == nil || a.over(s, now) {
		a.drop(kept)
		return tel.Who{}, false
	}
	s.seen = now
	who := tel.Who{Name: p.Name, Role: p.Role, Via: s.via}
	if s.from != from && !s.moved {
		s.moved = true
		a.tell(Fact{What: Moved, Name: p.Name, By: who, From: from, Detail: "began at " + s.from})
	}
	return who, true
}

// Watch returns a channel that is closed when the session ends, and whether it goes on
// now. One that runs out is found out by whoever looks; looking is no sign of life.
func (a *Access) Watch(token string) (ended <-chan struct{}, on bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expire(time.Now())
	s := a.sessions[sha256.Sum256([]byte(token))]
	if s == nil {
		return nil, false
	}
	return s.ended, true
}

// drop forgets a session that is there and tells whoever watches it. The caller holds mu.
func (a *Access) drop(kept digestOf) {
	close(a.sessions[kept].ended)
	delete(a.sessions, kept)
}

// End closes a session.
func (a *Access) End(token, from string) {
	kept := digestOf(sha256.Sum256([]byte(token)))
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.sessions[kept]
	if s == nil {
		return
	}
	a.drop(kept)
	a.tell(Fact{What: LoggedOut, Name: s.name, By: tel.Who{Name: s.name, Via: s.via}, From: from})
}

func (a *Access) over(s *session, now time.Time) bool {
	return now.Sub(s.seen) >= a.opt.Idle || now.Sub(s.began) >= a.opt.Longest
}

// expire drops what is over.
func (a *Access) expire(now time.Time) {
	for k, s := range a.sessions {
		if a.over(s, now) {
			a.drop(k)
		}
	}
}

// Standing returns a channel that is closed as soon as sessions of a person that began
// before must end: another password or role was set, a key was taken away, or the
// account is no more. Whoever lets somebody in takes it before he looks at the proof.
func (a *Access) Standing(name string) <-chan struct{} {
	if clean, err := CleanName(name); err == nil {
		name = clean
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stands(name)
}

// stands is Standing; the caller holds mu.
func (a *Access) stands(name string) <-chan struct{} {
	if a.find(name) == nil {
		over := make(chan struct{})
		close(over)
		return over
	}
	if a.standing[name] == nil {
		a.standing[name] = make(chan struct{})
	}
	return a.standing[name]
}

// revoke ends all sessions of a person, at every door. The caller holds mu.
func (a *Access) revoke(name string) {
	if c := a.standing[name]; c != nil {
		close(c)
		delete(a.standing, name)
	}
	for k, s := range a.sessions {
		if s.name == name {
			a.drop(k)
		}
	}
}
