package book

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// Row is one event of the book.
type Row struct {
	Seq     uint64
	Boot    uint64        // whose monotonic clock Mono is read on
	Mono    time.Duration // since that boot began
	At      time.Time     // UTC, microseconds
	Clock   string        // state of the wall clock when it was written
	Kind    call.Kind
	Call    tel.CallID
	Leg     tel.LegID
	Agent   tel.AgentID
	Queue   tel.QueueID
	Privacy string // "" or Person
	Body    []byte // canonical JSON of the call.Fact; nil once erased
	Salt    []byte // 16 bytes; nil once erased
	Digest  []byte // SHA-256(Salt, Body)
	Prev    []byte // Hash of the row before; 32 zero bytes for the first
	Hash    []byte // SHA-256 over all of the above but Salt and Body
}

// Person is the privacy class of a body that names a person or a number.
const Person = "person"

// saltSize is the length of a salt in bytes: enough that a digest tells nothing
// about a telephone number once the salt is erased.
const saltSize = 16

// newRow makes the unchained row of a fact: mono is its time on the clock of
// the boot, salt is fresh random bytes.
func newRow(f call.Fact, boot uint64, mono time.Duration, clock string, salt []byte) (Row, error) {
	f.At = f.At.UTC().Truncate(time.Microsecond)
	f.Kind, f.Call = valid(f.Kind), valid(f.Call)
	f.Agent, f.Queue = valid(f.Agent), valid(f.Queue)
	body, err := canonical(f)
	if err != nil {
		return Row{}, err
	}
	r := Row{
		Boot: boot, Mono: mono, At: f.At, Clock: clock, Kind: f.Kind,
		Call: f.Call, Leg: f.Leg, Agent: f.Agent, Queue: f.Queue, Body: body, Salt: salt,
	}
	if f.Private() {
		r.Privacy = Person
	}
	r.Digest = digest(salt, body)
	return r, nil
}

// valid makes a word UTF-8, so that body and column agree on it.
func valid[S ~string](s S) S { return S(strings.ToValidUTF8(string(s), "?")) }

// canonical is the one JSON form of a fact: fields in the order of the type,
// no escapes for HTML, no spaces.
func canonical(f call.Fact) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		return nil, fmt.Errorf("cannot write the fact %s: %w", f.Kind, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// chain puts the row behind the row numbered seq-1 with hash prev.
func (r *Row) chain(seq uint64, prev []byte) {
	r.Seq, r.Prev = seq, prev
	r.Hash = r.sum()
}

// sum is the hash over all of the row. Every field has its length in front, so
// that no two rows have the same bytes.
func (r *Row) sum() []byte {
	h := sha256.New()
	var n [8]byte
	number := func(v uint64) {
		binary.BigEndian.PutUint64(n[:], v)
		h.Write(n[:])
	}
	text := func(s string) {
		number(uint64(len(s)))
		h.Write([]byte(s))
	}
	text("centralita book 1")
	number(r.Seq)
	number(r.Boot)
	number(uint64(r.Mono))
	number(uint64(r.At.UnixMicro()))
	text(r.Clock)
	text(string(r.Kind))
	text(string(r.Call))
	number(uint64(r.Leg))
	text(string(r.Agent))
	text(string(r.Queue))
	text(r.Privacy)
	text(string(r.Digest))
	text(string(r.Prev))
	return h.Sum(nil)
}

// check says what is wrong with the row as the successor of (seq-1, prev);
// the empty string when nothing is.
func (r *Row) check(seq uint64, prev []byte) string {
	switch {
	case r.Seq != seq:
		return fmt.Sprintf("row %d is missing", seq)
	case !bytes.Equal(r.Prev, prev):
		return "it does not follow the row before it"
	case r.Body == nil && r.Privacy != Person:
		return "its body is gone, and it was not private"
	case r.Body != nil && !bytes.Equal(r.Digest, digest(r.Salt, r.Body)):
		return "its body was altered"
	case !bytes.Equal(r.Hash, r.sum()):
		return "it was altered"
	}
	if r.Body == nil {
		return ""
	}
	f, err := r.Fact()
	if err != nil || f.Kind != r.Kind || f.Call != r.Call || f.Agent != r.Agent || f.Queue != r.Queue {
		return "its body and its columns differ"
	}
	return ""
}

// Erased reports whether the body was erased.
func (r *Row) Erased() bool { return r.Body == nil }

// Fact returns what the row says; of an erased row what the columns still know.
func (r *Row) Fact() (call.Fact, error) {
	f := call.Fact{Kind: r.Kind, At: r.At, Call: r.Call, Leg: r.Leg, Agent: r.Agent, Queue: r.Queue}
	if r.Body == nil {
		return f, nil
	}
	f = call.Fact{}
	if err := json.Unmarshal(r.Body, &f); err != nil {
		return f, fmt.Errorf("cannot read row %d: %w", r.Seq, err)
	}
	return f, nil
}

func digest(salt, body []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(body)
	return h.Sum(nil)
}
