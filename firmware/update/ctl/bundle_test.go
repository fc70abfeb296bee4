package ctl_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
)

// key makes the same key of the same number.
func key(n byte) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte{n})
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(n byte) ed25519.PublicKey { return key(n).Public().(ed25519.PublicKey) }

var made = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// image is a slot image that gzip can do something with.
func image() []byte {
	b := bytes.Repeat([]byte("kernel initrd root "), 4000)
	for i := 0; i < len(b); i += 97 {
		b[i] = byte(i * i >> 3)
	}
	return b
}

// build makes a bundle; change may alter the manifest first.
func build(t testing.TB, coding string, change func(*ctl.Manifest), keys ...ed25519.PrivateKey) []byte {
	t.Helper()
	return buildOf(t, image(), coding, change, keys...)
}

func buildOf(t testing.TB, image []byte, coding string, change func(*ctl.Manifest), keys ...ed25519.PrivateKey) []byte {
	t.Helper()
	var payload, b bytes.Buffer
	p, err := ctl.Pack(&payload, bytes.NewReader(image), coding)
	if err != nil {
		t.Fatal(err)
	}
	m := ctl.Manifest{Board: "rpi4", Version: "0.9.5", Number: 42, Floor: 40, Made: made, Expires: made.AddDate(1, 0, 0), MinBoot: 1, Payload: p}
	if change != nil {
		change(&m)
	}
	h, err := ctl.NewHeader(m)
	if err != nil {
		t.Fatal(err)
	}
	if h, err = h.Signed(keys...); err != nil {
		t.Fatal(err)
	}
	if _, err := h.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), payload.Bytes()...)
}

// box accepts what build makes.
func box() ctl.Box {
	return ctl.Box{Board: "rpi4", Running: 41, Floor: 40, Boot: 1, Capacity: 1 << 20, Now: made.AddDate(0, 1, 0), Trusted: true}
}

// install does what a box does with a bundle, in its order.
func install(b []byte, keys *ctl.Keys, box ctl.Box) ([]byte, error) {
	r := bytes.NewReader(b)
	h, err := ctl.ReadHeader(r)
	if err != nil {
		return nil, err
	}
	m, err := h.Verify(keys)
	if err != nil {
		return nil, err
	}
	if err := box.Accept(m); err != nil {
		return nil, err
	}
	at, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	if at != h.Size() {
		return nil, fmt.Errorf("the header has %d bytes and says %d", at, h.Size())
	}
	var slot bytes.Buffer
	checked := ctl.Check(bytes.NewReader(b[at:]), m.Payload)
	unpacked := ctl.Unpack(&slot, iotest.HalfReader(r), m.Payload)
	var c, u *ctl.Refusal
	if errors.As(checked, &c); checked != nil && (!errors.As(unpacked, &u) || c.Code != u.Code) {
		return nil, fmt.Errorf("before unpacking: %v; while unpacking: %v", checked, unpacked)
	}
	if int64(slot.Len()) > m.Payload.Size {
		return nil, fmt.Errorf("%d bytes were written of %d", slot.Len(), m.Payload.Size)
	}
	return slot.Bytes(), unpacked
}

func TestABundleIsInstalled(t *testing.T) {
	for _, coding := range []string{"gzip", "none"} {
		b := build(t, coding, nil, key(1))
		if again := build(t, coding, nil, key(1)); !bytes.Equal(b, again) {
			t.Errorf("%s: the same bundle is not the same bytes", coding)
		}
		got, err := install(b, ctl.NewKeys(public(1)), box())
		if err != nil || !bytes.Equal(got, image()) {
			t.Errorf("%s: %v, %d bytes", coding, err, len(got))
		}
	}
}

// flip turns a bit of a copy of b.
func flip(b []byte, at int, bit uint) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1 << bit
	return b
}

// Row 28 of the threat table, and more: each refusal has a reason of its own.
func TestEachRefusalHasItsReason(t *testing.T) {
	good := build(t, "gzip", nil, key(1))
	h, err := ctl.ReadHeader(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	payload := int(h.Size())
	resigned := func(change func(*ctl.Manifest)) []byte { return build(t, "gzip", change, key(1)) }
	plain := build(t, "none", nil, key(1))
	one := ctl.NewKeys(public(1))
	two := ctl.NewKeys(public(1), public(2), public(3))
	two.Threshold = 2
	otherManifest := resigned(func(m *ctl.Manifest) { m.Number = 43 })
	swapped := append(bytes.Clone(otherManifest[:24+len(h.Manifest)]), good[24+len(h.Manifest):]...)
	for _, c := range []struct {
		name   string
		b      []byte
		keys   *ctl.Keys
		box    func(*ctl.Box)
		want   ctl.Code
		es, en string
	}{
		{name: "empty file", b: nil, want: ctl.NotABundle, es: "no es un paquete", en: "no update bundle"},
		{name: "another file", b: []byte(strings.Repeat("GIF89a", 100)), want: ctl.NotABundle},
		{name: "bit flip in the magic", b: flip(good, 3, 2), want: ctl.NotABundle},
		{name: "another format's version", b: append([]byte("CENTRALITA-BUNDLE 2\n"), good[20:]...), want: ctl.NotABundle},
		{name: "bit flip in the high length", b: flip(good, 20, 7), want: ctl.Malformed, es: "mal formado", en: "malformed"},
		{name: "bit flip in the manifest", b: flip(good, 60, 0), want: ctl.Signature, es: "fue alterado", en: "was altered"},
		{name: "swapped manifest", b: swapped, want: ctl.Signature},
		{name: "bit flip in the key id", b: flip(good, payload-72, 1), want: ctl.UnknownKey},
		{name: "bit flip in the signature", b: flip(good, payload-5, 1), want: ctl.Signature},
		{name: "signatures of an odd length", b: oddSignatures(good, len(h.Manifest)), want: ctl.Malformed},
		{name: "no signature", b: unsigned(good, len(h.Manifest)), want: ctl.UnknownKey, es: "no está firmado", en: "not signed"},
		{name: "wrong key", b: build(t, "gzip", nil, key(9)), want: ctl.UnknownKey, es: "no conoce", en: "does not know"},
		{name: "one signature of two", b: good, keys: two, want: ctl.TooFewKeys, es: "hacen falta 2", en: "needs 2"},
		{name: "the same signature twice", b: build(t, "gzip", nil, key(1), key(1)), keys: two, want: ctl.TooFewKeys},
		{name: "a stranger beside one of two", b: build(t, "gzip", nil, key(1), key(9)), keys: two, want: ctl.TooFewKeys},
		{name: "wrong board", b: resigned(func(m *ctl.Manifest) { m.Board = "rpi3" }), want: ctl.WrongBoard, es: "para la placa rpi3", en: "board rpi3 and this is rpi4"},
		{name: "newer boot loader", b: resigned(func(m *ctl.Manifest) { m.MinBoot = 2 }), want: ctl.OldBoot, es: "arrancador 2", en: "boot loader 2"},
		{name: "older number", b: good, box: func(b *ctl.Box) { b.Running = 43 }, want: ctl.Older, es: "más vieja que la 43", en: "older than 43"},
		{name: "below the floor", b: good, box: func(b *ctl.Box) { b.Running, b.Floor = 50, 45 }, want: ctl.BelowFloor, es: "debajo de 45", en: "below 45"},
		{name: "expired", b: good, box: func(b *ctl.Box) { b.Now = made.AddDate(2, 0, 0) }, want: ctl.Expired, es: "venció el 2027-11-28", en: "expired on 2027-11-28"},
		{name: "larger than the slot", b: good, box: func(b *ctl.Box) { b.Capacity = 100 }, want: ctl.TooLarge, es: "la ranura tiene 100", en: "room for 100"},
		{name: "bit flip in the payload", b: flip(good, payload+len(good[payload:])/2, 4), want: ctl.Damaged, es: "no es el que se firmó", en: "not what was signed"},
		{name: "bit flip in the payload's gzip header", b: flip(good, payload, 4), want: ctl.Damaged},
		{name: "bit flip in the payload's last byte", b: flip(good, len(good)-1, 0), want: ctl.Damaged},
		{name: "bit flip in a plain payload", b: flip(plain, len(plain)-100, 0), want: ctl.Damaged},
		{name: "image larger than it says", b: resigned(func(m *ctl.Manifest) { m.Payload.Size-- }), want: ctl.Damaged},
		{name: "image smaller than it says", b: resigned(func(m *ctl.Manifest) { m.Payload.Size++ }), want: ctl.Damaged},
		{name: "another image's sum", b: resigned(func(m *ctl.Manifest) { m.Payload.SHA256 = strings.Repeat("0", 64) }), want: ctl.Damaged},
		{name: "trailing garbage", b: append(bytes.Clone(good), 'x'), want: ctl.Trailing, es: "sigue algo", en: "follows"},
		{name: "trailing bundle", b: append(bytes.Clone(good), good...), want: ctl.Trailing},
		{name: "trailing garbage, plain", b: append(bytes.Clone(plain), 0), want: ctl.Trailing},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.keys == nil {
				c.keys = one
			}
			b := box()
			if c.box != nil {
				c.box(&b)
			}
			_, err := install(c.b, c.keys, b)
			var r *ctl.Refusal
			if !errors.As(err, &r) || r.Code != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if !strings.Contains(r.ES, c.es) || !strings.Contains(r.EN, c.en) || r.ES == r.EN {
				t.Errorf("says %q and %q", r.ES, r.EN)
			}
		})
	}
}

// oddSignatures shortens the signatures by a byte.
func oddSignatures(b []byte, manifest int) []byte {
	b = bytes.Clone(b)
	binary.BigEndian.PutUint32(b[24+manifest:], 71)
	return b
}

// unsigned takes the signatures away.
func unsigned(b []byte, manifest int) []byte {
	out := bytes.Clone(b[:24+manifest])
	return append(append(out, 0, 0, 0, 0), b[28+manifest+72:]...)
}

func TestABundleCutAnywhereIsIncomplete(t *testing.T) {
	for _, coding := range []string{"gzip", "none"} {
		good := build(t, coding, nil, key(1))
		for n := len(good) - 1; n >= 0; n -= 1 + n/40 {
			_, err := install(good[:n], ctl.NewKeys(public(1)), box())
			want := ctl.Truncated
			if n < 20 {
				want = ctl.NotABundle
			}
			var r *ctl.Refusal
			if !errors.As(err, &r) || r.Code != want {
				t.Fatalf("%s: %d of %d bytes: %v, want %s", coding, n, len(good), err, want)
			}
		}
	}
}

func TestNoBitFlipIsInstalled(t *testing.T) {
	good := build(t, "gzip", nil, key(1))
	seen := map[ctl.Code]int{}
	for at := 0; at < len(good); at += 1 + at/200 {
		_, err := install(flip(good, at, uint(at)%8), ctl.NewKeys(public(1)), box())
		var r *ctl.Refusal
		if !errors.As(err, &r) {
			t.Fatalf("a flipped bit at byte %d: %v", at, err)
		}
		seen[r.Code]++
	}
	t.Logf("%v", seen)
	for _, c := range []ctl.Code{ctl.NotABundle, ctl.Signature, ctl.UnknownKey, ctl.Damaged} {
		if seen[c] == 0 {
			t.Errorf("no flip was %s", c)
		}
	}
}

func TestWhatABoxPermits(t *testing.T) {
	m := ctl.Manifest{Board: "rpi4", Number: 42, Expires: made, Payload: ctl.Payload{Size: 10}}
	for name, c := range map[string]struct {
		box  func(*ctl.Box)
		fine bool
	}{
		"the next number":                  {fine: true},
		"the same number, to mend a slot":  {func(b *ctl.Box) { b.Running = 42 }, true},
		"the floor itself":                 {func(b *ctl.Box) { b.Floor = 42 }, true},
		"an older one":                     {func(b *ctl.Box) { b.Running = 43 }, false},
		"an older one, somebody is there":  {func(b *ctl.Box) { b.Running, b.Present = 43, true }, true},
		"below the floor, with somebody":   {func(b *ctl.Box) { b.Floor, b.Present = 43, true }, true},
		"expired":                          {func(b *ctl.Box) { b.Now = made.Add(time.Second) }, false},
		"expired, somebody is there":       {func(b *ctl.Box) { b.Now, b.Present = made.Add(time.Second), true }, false},
		"expired, but the time is unknown": {func(b *ctl.Box) { b.Now, b.Trusted = made.Add(time.Second), false }, true},
		"the last second":                  {func(b *ctl.Box) { b.Now = made }, true},
		"just the room":                    {func(b *ctl.Box) { b.Capacity = 10 }, true},
		"another board, with somebody":     {func(b *ctl.Box) { b.Board, b.Present = "rpi3", true }, false},
	} {
		b := box()
		b.Now = made
		if c.box != nil {
			c.box(&b)
		}
		if err := b.Accept(m); (err == nil) != c.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARolloutReachesItsShare(t *testing.T) {
	m := ctl.Manifest{Number: 7, Rollout: ctl.Rollout{ctl.Canary: 100, ctl.Early: 20}}
	reached := map[ctl.Ring]int{}
	moved := 0
	next := m
	next.Number = 8
	for i := range 5000 {
		site := fmt.Sprint("site-", i)
		for _, r := range []ctl.Ring{ctl.Canary, ctl.Early, ctl.Broad} {
			if m.Reaches(r, site) {
				reached[r]++
			}
		}
		if m.Reaches(ctl.Early, site) != next.Reaches(ctl.Early, site) {
			moved++
		}
	}
	if reached[ctl.Canary] != 5000 || reached[ctl.Broad] != 0 || reached[ctl.Early] < 900 || reached[ctl.Early] > 1100 {
		t.Errorf("of 5000 sites in each ring, it reaches %v", reached)
	}
	if moved < 1000 {
		t.Errorf("with the next number only %d sites change their place", moved)
	}
	wider := m
	wider.Rollout = ctl.Rollout{ctl.Canary: 100, ctl.Early: 50}
	for i := range 5000 {
		if site := fmt.Sprint("site-", i); m.Reaches(ctl.Early, site) && !wider.Reaches(ctl.Early, site) {
			t.Fatal("a wider rollout left a site out that it had reached")
		}
	}
	if m.Rollout = nil; !m.Reaches(ctl.Broad, "x") {
		t.Error("a bundle without a rollout does not reach all")
	}
}

func TestManifestsThatNoBoxWouldRead(t *testing.T) {
	sum := strings.Repeat("a", 64)
	good := ctl.Manifest{Board: "rpi4", Version: "1", Number: 1, Made: made, Payload: ctl.Payload{Size: 1, SHA256: sum, Stored: 1, StoredSHA256: sum, Coding: "gzip"}}
	if _, err := good.Encode(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ctl.Manifest){
		"no board":             func(m *ctl.Manifest) { m.Board = "" },
		"a path for a board":   func(m *ctl.Manifest) { m.Board = "../x" },
		"a version with :":     func(m *ctl.Manifest) { m.Version = "1:2" },
		"number 0":             func(m *ctl.Manifest) { m.Number = 0 },
		"floor above":          func(m *ctl.Manifest) { m.Floor = 2 },
		"no time":              func(m *ctl.Manifest) { m.Made = time.Time{} },
		"year 10000":           func(m *ctl.Manifest) { m.Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no image":             func(m *ctl.Manifest) { m.Payload.Size = 0 },
		"an immense image":     func(m *ctl.Manifest) { m.Payload.Size = 1 << 62 },
		"another coding":       func(m *ctl.Manifest) { m.Payload.Coding = "zip" },
		"plain but otherwise":  func(m *ctl.Manifest) { m.Payload.Coding, m.Payload.Stored = "none", 2 },
		"a short sum":          func(m *ctl.Manifest) { m.Payload.SHA256 = "ab" },
		"a sum in capitals":    func(m *ctl.Manifest) { m.Payload.StoredSHA256 = strings.Repeat("A", 64) },
		"a list without a sum": func(m *ctl.Manifest) { m.SBOM = "x" },
		"rollout to 101 %":     func(m *ctl.Manifest) { m.Rollout = ctl.Rollout{ctl.Early: 101} },
		"endless news":         func(m *ctl.Manifest) { m.NewsES = strings.Repeat("x", 501) },
	} {
		m := good
		change(&m)
		if _, err := m.Encode(); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

func TestKeysOfABox(t *testing.T) {
	pub := func(n byte) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(ctl.FormatPublic(public(n), "a name"))}
	}
	k, err := ctl.LoadKeys(fstest.MapFS{"one.pub": pub(1), "two.pub": pub(2), "README": {Data: []byte("hello")}, "threshold": {Data: []byte("2\n")}})
	if err != nil || k.Len() != 2 || k.Threshold != 2 {
		t.Fatalf("%+v, %v", k, err)
	}
	if _, err := install(build(t, "gzip", nil, key(2), key(1)), k, box()); err != nil {
		t.Errorf("two of two: %v", err)
	}
	for name, dir := range map[string]fstest.MapFS{
		"none":                   {},
		"a folder for a key":     {"one.pub/x": pub(1)},
		"not a key":              {"one.pub": {Data: []byte("hello")}},
		"a secret one":           {"one.pub": {Data: []byte(ctl.FormatSecret(key(1)))}},
		"half a key":             {"one.pub": {Data: []byte(ctl.FormatPublic(public(1)[:31], ""))}},
		"more than there are":    {"one.pub": pub(1), "threshold": {Data: []byte("2")}},
		"one key under two name": {"one.pub": pub(1), "two.pub": pub(1), "threshold": {Data: []byte("2")}},
		"threshold 0":            {"one.pub": pub(1), "threshold": {Data: []byte("0")}},
		"a word for threshold":   {"one.pub": pub(1), "threshold": {Data: []byte("all")}},
	} {
		if k, err := ctl.LoadKeys(dir); err == nil {
			t.Errorf("%s: %d keys", name, k.Len())
		}
	}
	if sec, err := ctl.ParseSecret([]byte(ctl.FormatSecret(key(1)))); err != nil || !sec.Equal(key(1)) {
		t.Errorf("a secret key came back as %v, %v", sec, err)
	}
}

func TestFaultsOfReadingAreNotOfTheBundle(t *testing.T) {
	gone := errors.New("the stick was pulled out")
	good := build(t, "gzip", nil, key(1))
	h, err := ctl.ReadHeader(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.Verify(ctl.NewKeys(public(1)))
	if err != nil {
		t.Fatal(err)
	}
	half := func() io.Reader {
		return io.MultiReader(bytes.NewReader(good[h.Size():len(good)-50]), iotest.ErrReader(gone))
	}
	if err := ctl.Unpack(io.Discard, half(), m.Payload); !errors.Is(err, gone) {
		t.Errorf("unpacking: %v", err)
	}
	if err := ctl.Check(half(), m.Payload); !errors.Is(err, gone) {
		t.Errorf("checking: %v", err)
	}
	if err := ctl.Unpack(brokenSlot{gone}, bytes.NewReader(good[h.Size():]), m.Payload); !errors.Is(err, gone) {
		t.Errorf("a slot that fails: %v", err)
	}
	if _, err := ctl.ReadHeader(io.MultiReader(bytes.NewReader(good[:100]), iotest.ErrReader(gone))); !errors.Is(err, gone) {
		t.Errorf("reading the header: %v", err)
	}
}

type brokenSlot struct{ err error }

func (b brokenSlot) Write(p []byte) (int, error) { return len(p), b.err }

func FuzzBundle(f *testing.F) {
	small := []byte("kernel initrd root")
	f.Add(buildOf(f, small, "gzip", nil, key(1)))
	f.Add(buildOf(f, small, "none", nil, key(1), key(2)))
	f.Add([]byte("CENTRALITA-BUNDLE 1\n\x00\x00\x00\x02{}\x00\x00\x00\x00"))
	f.Add([]byte("CENTRALITA-BUNDLE 1\n\xff\xff\xff\xff"))
	keys := ctl.NewKeys(public(1))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := install(b, keys, box())
		if err == nil && !bytes.Equal(got, small) {
			t.Fatal("something else was installed")
		}
		var r *ctl.Refusal
		if err != nil && !errors.As(err, &r) {
			t.Fatalf("no refusal: %v", err)
		}
		if h, err := ctl.ReadHeader(bytes.NewReader(b)); err == nil {
			if m, err := h.Unverified(); err == nil { // strangers' manifests are read by tools
				if _, err := m.Encode(); err != nil {
					t.Fatalf("what was read cannot be written: %v", err)
				}
				_ = ctl.Unpack(io.Discard, bytes.NewReader(b[h.Size():]), m.Payload)
			}
		}
	})
}
