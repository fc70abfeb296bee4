package view

import "time"

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
}
