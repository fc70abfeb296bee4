package web

import (
	"context"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Door lets people in. Its errors are sentences for people (see refusal).
type Door interface {
	// Claimed reports whether the box has an owner.
	Claimed() bool
	// Window returns how long the claim code is good and how many wrong tries it
	// stands; waiting says that none is taken for so long. It never returns the code.
	Window() (good time.Duration, left int, waiting bool)
	// Prove takes the claim code and returns a ticket for Own.
	Prove(ctx context.Context, code, from string) (ticket string, err error)
	Proved(ticket string) bool
	Own(ctx context.Context, ticket, name, password string, via tel.Door, from string) (tel.Who, error)
	Login(ctx context.Context, name, password string, via tel.Door, from string) (tel.Who, error)
	// Passwd sets a password; one's own needs the old one. It ends all sessions of name.
	Passwd(ctx context.Context, by tel.Who, name, old, password, from string) error
}

// Sessions are the browsers that are logged in.
type Sessions interface {
	Begin(who tel.Who, from string) (token string)
	Session(token, from string) (tel.Who, bool)
	End(token, from string)
	// Watch returns what is closed when the session ends, and whether it goes on now;
	// that is no sign of life.
	Watch(token string) (ended <-chan struct{}, on bool)
}

// People are the accounts, for their owner.
type People interface {
	People() []view.Account
	Add(ctx context.Context, by tel.Who, name string, role tel.Role, password, from string) error
	Remove(ctx context.Context, by tel.Who, name, from string) error
	SetRole(ctx context.Context, by tel.Who, name string, role tel.Role, from string) error
	AddKey(ctx context.Context, by tel.Who, name, line, from string) error
	RemoveKey(ctx context.Context, by tel.Who, name, print, from string) error
}

// refusal is an error for people in both languages.
type refusal interface {
	error
	In(tel.Lang) string
	RetryAfter() time.Duration // above 0: when to try again
	Malformed() bool           // what was typed is at fault
}

// Certificate is what the pages say of the certificate they come with.
type Certificate struct {
	Fingerprint string // SHA-256, as browsers show it
	Groups      string // of the key
}
