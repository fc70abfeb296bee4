package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
)

// Cost is what one argon2id takes (RFC 9106, section 3.1).
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8
}

// DefaultCost is the least that OWASP asks for: 19 MiB and two passes, a fifth of a
// second on the smallest board.
var DefaultCost = Cost{Memory: 19 << 10, Passes: 2, Lanes: 1}

// Bounds of hashing: two at once need 38 MiB, whatever the number that wait; who
// waits longer than hashWait is sent away.
const (
	hashSlots = 2
	hashQueue = 256
	hashWait  = 8 * time.Second
	saltSize  = 16
	sumSize   = 32
)

// hasher makes and checks hashes, few at a time.
type hasher struct {
	cost    Cost
	slots   chan struct{}
	waiting atomic.Int64
	made    atomic.Int64 // for tests: how often the function ran
	dummy   string       // of nobody's password: an unknown name costs the same
}

func newHasher(c Cost) *hasher {
	if c == (Cost{}) {
		c = DefaultCost
	}
	h := &hasher{cost: c, slots: make(chan struct{}, hashSlots)}
	h.dummy = h.cost.encode(random(saltSize), random(sumSize))
	return h
}

// random returns n bytes of the kernel's generator, which waits until it is seeded.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: without randomness the program ends (crypto/rand)
	return b
}

// enter waits for a slot.
func (h *hasher) enter(ctx context.Context) error {
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > hashQueue {
		return errBusy
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(hashWait)
	defer t.Stop()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-t.C:
		return errBusy
	case <-ctx.Done():
		return fmt.Errorf("cannot wait for the password to be checked: %w", context.Cause(ctx))
	}
}

func (h *hasher) sum(password string, salt []byte, c Cost, size int) []byte {
	h.made.Add(1)
	return argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Lanes, uint32(size))
}

// hash makes what is kept of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	salt := random(saltSize)
	return h.cost.encode(salt, h.sum(password, salt, h.cost, sumSize)), nil
}

// check compares a password with what is kept. old says that it was kept at
// another cost than today's.
func (h *hasher) check(ctx context.Context, kept, password string) (ok, old bool, err error) {
	c, salt, sum, err := parseHash(kept)
	if err != nil {
		return false, false, err
	}
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer func() { <-h.slots }()
	got := h.sum(password, salt, c, len(sum))
	return subtle.ConstantTimeCompare(got, sum) == 1, c != h.cost, nil
}

// encode writes the form that all argon2 programs share.
func (c Cost) encode(salt, sum []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Lanes, b.EncodeToString(salt), b.EncodeToString(sum))
}

// parseHash reads what encode wrote and refuses costs that a board cannot pay.
func parseHash(s string) (c Cost, salt, sum []byte, err error) {
	broken := func(why string) (Cost, []byte, []byte, error) {
		return Cost{}, nil, nil, fmt.Errorf("cannot read a password's hash: %s", why)
	}
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return broken("it is no argon2id of version 19")
	}
	if n, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Lanes); err != nil || n != 3 || part[3] != fmt.Sprintf("m=%d,t=%d,p=%d", c.Memory, c.Passes, c.Lanes) {
		return broken("its cost is not m=N,t=N,p=N")
	}
	if c.Memory < 8 || c.Memory > 64<<10 || c.Passes < 1 || c.Passes > 8 || c.Lanes < 1 || c.Lanes > 4 {
		return broken(fmt.Sprintf("its cost %s is out of bounds", part[3]))
	}
	b := base64.RawStdEncoding.Strict()
	salt, err1 := b.DecodeString(part[4])
	sum, err2 := b.DecodeString(part[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
		return broken("salt or sum are not base64 of a fitting length")
	}
	return c, salt, sum, nil
}
