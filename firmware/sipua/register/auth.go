package register

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/icholy/digest"
)

// NonceLife is how long a nonce may be used.
const NonceLife = 60 * time.Second

// Bounds of what is looked at.
const (
	maxAuthorization = 2048 // bytes of one Authorization value
	maxValues        = 4    // Authorization headers of one request
	maxUsed          = 8192 // nonces whose count is remembered
)

// Outcome says what a request's credentials are worth.
type Outcome uint8

// Outcomes. Everything but Accepted and Banned is answered by 401 with the
// challenges; the difference is for logs and counters only.
const (
	Challenged Outcome = iota // no credentials, or of a kind we do not take
	Accepted                  // the user is who he says
	Stale                     // right or unknown, but the nonce is old or used: try again
	Denied                    // wrong password or no such user; nobody outside can tell which
	Delayed                   // not judged: too many wrong tries; looks like Denied
	Banned                    // send nothing
)

// String returns the outcome's name.
func (o Outcome) String() string {
	return [...]string{"challenged", "accepted", "stale", "denied", "delayed", "banned"}[o]
}

// Request is what digest authentication needs of a SIP request.
type Request struct {
	Method        string
	URI           string // the Request-URI as it came
	Source        netip.Addr
	Authorization []string // values of all Authorization headers
}

// Answer is the judgement of one request.
type Answer struct {
	Outcome    Outcome
	User       string   // Accepted: the proven user; else the claimed one, text from the wire
	Challenges []string // unless Accepted or Banned: one WWW-Authenticate value each, in order
	NewBan     bool     // this try got the source banned
}

// Auth is the server side of digest authentication (RFC 7616, RFC 2617), with
// qop=auth. MD5 alone is offered: phones that know nothing else give up when any
// challenge names another algorithm, wherever it stands (RFC 8760 § 2.4 asks
// them to skip it; those in the field do not), and with random passwords little
// is lost by it. An answer by SHA-256 is judged too. A nonce is a MAC over time,
// counter and source, so none is stored until its first right use.
type Auth struct {
	realm  string
	secret [32]byte
	lookup func(user string) (password string, ok bool)
	guard  *Guard

	mu      sync.Mutex
	counter uint64
	used    map[uint64]use
}

// use is the last nonce count of a nonce that was used rightly.
type use struct {
	nc    int
	until time.Time
}

// NewAuth returns an authenticator. secret must come from the random source at
// each start; lookup answers the password of a user and may be called by several
// goroutines; guard counts wrong tries.
func NewAuth(realm string, secret [32]byte, guard *Guard, lookup func(user string) (password string, ok bool)) *Auth {
	return &Auth{realm: realm, secret: secret, lookup: lookup, guard: guard, used: map[uint64]use{}}
}

// Check judges the credentials of r at the instant now. A user that does not
// exist is judged against a made-up password, with the same work and the same
// answer as one that does.
func (a *Auth) Check(now time.Time, r Request) Answer {
	if a.guard.Banned(now, r.Source) {
		return Answer{Outcome: Banned}
	}
	cred, alg := a.pick(r)
	if cred == nil {
		return a.challenge(now, r.Source, Challenged, "")
	}
	if a.guard.Wait(now, r.Source, cred.Username) > 0 {
		return a.challenge(now, r.Source, Delayed, cred.Username)
	}
	made, counter, ours := a.readNonce(cred.Nonce, r.Source)
	if !ours {
		// Not judged, so it is no oracle, and not counted, so that a forged
		// source, which never saw a nonce of ours, hurts nobody.
		return a.challenge(now, r.Source, Stale, cred.Username)
	}
	if !a.right(cred, alg, r.Method) {
		ans := a.challenge(now, r.Source, Denied, cred.Username)
		ans.NewBan = a.guard.Failed(now, r.Source, cred.Username)
		return ans
	}
	if now.Sub(made) > NonceLife || made.After(now) || !a.count(now, counter, cred) {
		return a.challenge(now, r.Source, Stale, cred.Username)
	}
	a.guard.Succeeded(r.Source, cred.Username)
	return Answer{Outcome: Accepted, User: cred.Username}
}

// pick returns the first credentials that we can judge, or nil.
func (a *Auth) pick(r Request) (*digest.Credentials, string) {
	for i, v := range r.Authorization {
		if i == maxValues {
			break
		}
		if len(v) > maxAuthorization {
			continue
		}
		c, err := digest.ParseCredentials(strings.TrimSpace(v))
		if err != nil || c.Realm != a.realm || c.Userhash || c.Username == "" || c.Nonce == "" {
			continue // another scheme, another realm or nonsense: ask with our challenge
		}
		alg := strings.ToUpper(c.Algorithm)
		if alg == "" {
			alg = "MD5"
		}
		if alg != "MD5" && alg != "SHA-256" {
			continue
		}
		if c.QOP != "" && (!strings.EqualFold(c.QOP, "auth") || c.Nc < 1 || c.Cnonce == "") {
			continue
		}
		if !sameURI(c.URI, r.URI) {
			continue
		}
		return c, alg
	}
	return nil, ""
}

// right reports whether the response of c is that of the user's password.
func (a *Auth) right(c *digest.Credentials, alg, method string) bool {
	made := a.mac("missing", []byte(c.Username))
	password, exists := a.lookup(c.Username)
	if !exists || password == "" {
		password, exists = hex.EncodeToString(made), false
	}
	chal := &digest.Challenge{Realm: c.Realm, Nonce: c.Nonce, Algorithm: alg}
	if c.QOP != "" {
		chal.QOP = []string{"auth"}
	}
	want, err := digest.Digest(chal, digest.Options{
		Method: method, URI: c.URI, Count: c.Nc, Username: c.Username, Password: password, Cnonce: c.Cnonce,
	})
	if err != nil { // an algorithm that pick let through and the library lacks
		return false
	}
	same := subtle.ConstantTimeCompare([]byte(want.Response), []byte(strings.ToLower(c.Response))) == 1
	return same && exists
}

// count notes one use of a nonce. A count must grow (RFC 7616 section 3.4); a
// client without qop has no count, so its nonce serves once.
func (a *Auth) count(now time.Time, counter uint64, c *digest.Credentials) bool {
	nc := c.Nc
	if c.QOP == "" {
		nc = math.MaxInt32 // nc-value is eight hexadecimal digits; an int may have 32 bits
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	last, seen := a.used[counter]
	if seen && nc <= last.nc {
		return false
	}
	if !seen && len(a.used) >= maxUsed {
		for k, u := range a.used {
			if now.After(u.until) {
				delete(a.used, k)
			}
		}
		if len(a.used) >= maxUsed {
			return false // all are alive: a fresh nonce must wait for room
		}
	}
	a.used[counter] = use{nc: nc, until: now.Add(NonceLife)}
	return true
}

// challenge builds the answer to anything that is not accepted. Its bytes depend
// on nothing but the nonce and on whether the client may retry by itself.
func (a *Auth) challenge(now time.Time, src netip.Addr, o Outcome, user string) Answer {
	nonce := a.newNonce(now, src)
	tail := `", qop="auth"`
	if o == Stale {
		tail += ", stale=true"
	}
	realm := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.realm)
	ans := Answer{Outcome: o, User: user}
	ans.Challenges = []string{`Digest realm="` + realm + `", algorithm=MD5, nonce="` + nonce + tail}
	return ans
}

const nonceSize = 8 + 8 + 16 // time, counter, MAC

// newNonce makes a nonce for src.
func (a *Auth) newNonce(now time.Time, src netip.Addr) string {
	a.mu.Lock()
	a.counter++
	n := a.counter
	a.mu.Unlock()
	b := make([]byte, 16, nonceSize)
	binary.BigEndian.PutUint64(b, uint64(now.UnixNano()))
	binary.BigEndian.PutUint64(b[8:], n)
	return base64.RawURLEncoding.EncodeToString(append(b, a.nonceMAC(b, src)...))
}

// readNonce takes a nonce apart; ours is false unless we made it for src.
func (a *Auth) readNonce(nonce string, src netip.Addr) (made time.Time, counter uint64, ours bool) {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != nonceSize {
		return time.Time{}, 0, false
	}
	if !hmac.Equal(b[16:], a.nonceMAC(b[:16], src)) {
		return time.Time{}, 0, false
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(b))), binary.BigEndian.Uint64(b[8:]), true
}

func (a *Auth) nonceMAC(head []byte, src netip.Addr) []byte {
	addr := src.Unmap().WithZone("").As16()
	return a.mac("nonce", append(addr[:], head...))[:16]
}

// mac is HMAC-SHA-256 under our secret, apart for each purpose.
func (a *Auth) mac(purpose string, data []byte) []byte {
	m := hmac.New(sha256.New, a.secret[:])
	m.Write([]byte(purpose))
	m.Write([]byte{0})
	m.Write(data)
	return m.Sum(nil)
}

// sameURI reports whether a digest uri means the Request-URI. Phones differ in
// parameters, in the default port and in case of the host; scheme, user and
// host must agree.
func sameURI(claimed, actual string) bool {
	return claimed == actual || bare(claimed) == bare(actual)
}

func bare(uri string) string {
	uri, _, _ = strings.Cut(uri, "?")
	user, host, ok := strings.Cut(uri, "@")
	if !ok {
		scheme, rest, _ := strings.Cut(uri, ":")
		user, host = scheme, rest
	}
	host, _, _ = strings.Cut(host, ";")
	return user + "@" + strings.TrimSuffix(strings.ToLower(host), ":5060")
}
