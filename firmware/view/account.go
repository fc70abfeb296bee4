package view

import (
	"strings"
	"time"
)

// Account is one person's account, as its owner may see it. It holds no secret.
type Account struct {
	Name     string    `json:"name"`
	Role     string    `json:"role"`
	Since    time.Time `json:"since"`
	Password time.Time `json:"password_set"`
	Entered  time.Time `json:"entered,omitzero"` // last, since the start
	Sessions int       `json:"sessions,omitempty"`
	Keys     []SSHKey  `json:"keys,omitempty"`
}

// SSHKey is a public key of an account.
type SSHKey struct {
	Print string `json:"fingerprint"` // SHA256:…
	Note  string `json:"note,omitempty"`
}

// Claim is a box that nobody owns yet. Code is for the display and the serial line:
// it never leaves by the network, so it has no form in JSON.
type Claim struct {
	Code  string    `json:"-"` // empty: none is taken until Until, after too many wrong ones
	Until time.Time `json:"-"`
	// Address is where the code is typed, host and port; empty: only at the serial line.
	Address string `json:"-"`
}

// Where is the address as a display of so many columns shows it.
func (c *Claim) Where(cols int) string {
	host, whole := strings.TrimSuffix(c.Address, ":443"), "https://"
	if c.Address == "" || len(whole+host) > cols {
		return host
	}
	return whole + host
}
