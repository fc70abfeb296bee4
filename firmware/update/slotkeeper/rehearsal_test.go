package slotkeeper_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/board/abslot"
	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotkeeper"
	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/hal/slot"
	"github.com/centralita/centralita/hal/slot/slottest"
)

var cuts = flag.Uint64("cuts", 500, "seeds of random power cuts")

// How a system behaves once it is started.
const (
	healthy  = "healthy"  // passes the gate
	sick     = "sick"     // starts, fails the gate, asks to go back
	hanging  = "hanging"  // does nothing until the watchdog resets the machine
	headless = "headless" // its kernel cannot be loaded
)

// system is what the tests put into a slot.
type system struct {
	version string
	number  uint64
	floor   uint64
	nature  string
	keys    string // numbers of the update keys in its root: "1", "12"
}

// image is the slot image of a system: a line that the simulated machine acts upon,
// and something to fill it.
func (s system) image() []byte {
	b := []byte(fmt.Sprintf("SYSTEM %s %d %s %s\n", s.version, s.number, s.nature, s.keys))
	filling := sha256.Sum256(b)
	for len(b) < 6000 {
		b = append(b, filling[:]...)
	}
	return b
}

func key(n byte) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte{n})
	return ed25519.NewKeyFromSeed(seed[:])
}

// bundle is the file that brings it, signed by keys of the given numbers.
func (s system) bundle(t testing.TB, signers string) []byte {
	t.Helper()
	var payload, b bytes.Buffer
	p, err := ctl.Pack(&payload, bytes.NewReader(s.image()), "gzip")
	if err != nil {
		t.Fatal(err)
	}
	h, err := ctl.NewHeader(ctl.Manifest{
		Board: "qemu", Version: s.version, Number: s.number, Floor: s.floor, Made: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Expires: time.Now().AddDate(1, 0, 0), Payload: p,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []byte(signers) {
		if h, err = h.Signed(key(n)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), payload.Bytes()...)
}

// machine is a box: a disk, a boot loader, and systems that behave as their images say.
type machine struct {
	t     testing.TB
	disk  *slottest.Platter
	inbox string
	log   []string
	// What ceased to come up though it did once: its data make it crash, its root is damaged.
	silent map[slot.ID]bool

	// What runs; nil keeper: the power is off.
	keeper *slotkeeper.Keeper
	start  slot.Start
	run    system
}

const slotBytes = 64 << 10

// newMachine is a box as it was flashed.
func newMachine(t testing.TB, first system) *machine {
	t.Helper()
	m := &machine{t: t, disk: slottest.NewPlatter(8 << 20), inbox: t.TempDir()}
	table := make([]byte, slottest.Sector)
	for n, at := range map[int]uint32{2: 4 << 20, 3: 5 << 20} {
		binary.LittleEndian.PutUint32(table[446+16*(n-1)+8:], at/512)
		binary.LittleEndian.PutUint32(table[446+16*(n-1)+12:], slotBytes/512)
	}
	table[510], table[511] = 0x55, 0xaa
	img := first.image()
	record, err := abslot.Encode(slot.Record{Gen: 1, Good: slot.A, Floor: first.floor,
		A: slot.Image{Number: first.number, Version: first.version, Floor: first.floor, Size: int64(len(img)), Sum: sha256.Sum256(img)}})
	if err != nil {
		t.Fatal(err)
	}
	padded := append(bytes.Clone(img), make([]byte, 512-len(img)%512)...)
	for at, b := range map[int64][]byte{0: table, abslot.First: record, 4 << 20: padded} {
		if _, err := m.disk.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.disk.Sync(); err != nil {
		t.Fatal(err)
	}
	return m
}

// held is what a slot holds; nil while there is no power.
func (m *machine) held(id slot.ID) []byte {
	b := make([]byte, slotBytes)
	if _, err := m.disk.ReadAt(b, map[slot.ID]int64{slot.A: 4 << 20, slot.B: 5 << 20}[id]); err != nil {
		return nil
	}
	return b
}

// slotAt reads what system a slot holds, as a boot loader that looks for a kernel.
func (m *machine) slotAt(id slot.ID) (system, bool) {
	b := m.held(id)
	if b == nil {
		return system{}, false
	}
	var s system
	if _, err := fmt.Sscanf(string(b[:100]), "SYSTEM %s %d %s %s\n", &s.version, &s.number, &s.nature, &s.keys); err != nil {
		return s, false
	}
	return s, s.nature != headless
}

// record reads the newer copy as U-Boot does, and where the next one goes.
func (m *machine) record() (best slot.Record, known bool, next int64) {
	next = abslot.First
	for at, other := range map[int64]int64{abslot.First: abslot.Second, abslot.Second: abslot.First} {
		b := make([]byte, abslot.RecordSize)
		if _, err := m.disk.ReadAt(b, at); err != nil {
			continue
		}
		if r, err := abslot.Decode(b); err == nil && (!known || r.Gen > best.Gen) {
			best, known, next = r, true, other
		}
	}
	return best, known, next
}

// save writes the record as U-Boot does: the whole copy at once.
func (m *machine) save(r slot.Record) error {
	old, _, at := m.record()
	r.Gen = old.Gen + 1
	b, err := abslot.Encode(r)
	if err != nil {
		return err
	}
	if _, err := m.disk.WriteAt(b, at); err != nil {
		return err
	}
	return m.disk.Sync()
}

// boot starts the machine. It reports false when the power failed meanwhile. What
// starts must be whole.
func (m *machine) boot() bool {
	m.keeper = nil
	r, known, _ := m.record()
	m.start = slot.Boot(r, known, func(id slot.ID) bool { _, ok := m.slotAt(id); return ok }, m.save)
	if m.disk.Cut() {
		return false
	}
	if !known {
		m.t.Fatalf("the boot record is lost: %v", m.log)
	}
	if m.start.Slot == slot.None && r.Fails >= slot.Chances {
		m.log, m.run = append(m.log, "recovery"), system{nature: hanging}
		return true
	}
	if m.start.Slot == slot.None {
		m.t.Fatalf("nothing starts: %+v, %v", r, m.log)
	}
	m.run, _ = m.slotAt(m.start.Slot)
	for _, id := range []slot.ID{slot.A, slot.B} {
		if i := r.Of(id); i.Full() && sha256.Sum256(m.held(id)[:i.Size]) != i.Sum {
			m.t.Fatalf("slot %s is named whole and is not: %+v, %v", id, r, m.log)
		}
	}
	if !bytes.HasPrefix(m.held(m.start.Slot), m.run.image()) {
		m.t.Fatalf("slot %s started with half an image: %+v, %v", m.start.Slot, r, m.log)
	}
	mark := ""
	if m.start.Trial {
		mark = "?"
	}
	m.log = append(m.log, fmt.Sprintf("%s:%s%s", m.start.Slot, m.run.version, mark))
	if m.silent[m.start.Slot] {
		m.run.nature = hanging
	}
	if m.run.nature == hanging {
		return true
	}
	disk, err := abslot.New(m.disk)
	if err != nil {
		m.t.Fatal(err)
	}
	var keys []ed25519.PublicKey
	for _, n := range []byte(m.run.keys) {
		keys = append(keys, key(n).Public().(ed25519.PublicKey))
	}
	m.keeper, err = slotkeeper.New(slotkeeper.Config{
		Disk: disk, Keys: ctl.NewKeys(keys...), Board: "qemu", Boot: 1, Running: m.start.Slot, Trial: m.start.Trial,
		Self: slot.Image{Number: m.run.number, Version: m.run.version}, Inbox: m.inbox, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil && !m.disk.Cut() {
		m.t.Fatal(err)
	}
	return !m.disk.Cut()
}

// live starts the machine and lets what starts do what it does, until something
// stands that is not on trial. It reports false when the power failed.
func (m *machine) live() bool {
	for range 2 * (slot.Chances + 2) {
		if !m.boot() {
			return false
		}
		switch {
		case m.run.nature == hanging: // the watchdog
			continue
		case !m.start.Trial:
			if _, err := m.do(slotwire.Well, nil); err != nil {
				return !m.failed(err)
			}
			return true
		case m.run.nature == sick:
			if _, err := m.do(slotwire.Rollback, slotwire.RollbackAsk{Why: "web"}); err != nil {
				return !m.failed(err)
			}
		default:
			if _, err := m.do(slotwire.Commit, nil); err != nil {
				return !m.failed(err)
			}
			m.start.Trial = false
			return true
		}
	}
	m.t.Fatalf("it starts for ever: %v", m.log)
	return false
}

// failed reports that the power failed; any other error is one of the test.
func (m *machine) failed(err error) bool {
	if !m.disk.Cut() {
		m.t.Fatal(err)
	}
	return true
}

// do asks the keeper.
func (m *machine) do(name string, ask any) (json.RawMessage, error) {
	params, err := json.Marshal(ask)
	if err != nil {
		m.t.Fatal(err)
	}
	reply, err := m.keeper.Handlers()[name](context.Background(), params, func(any) {})
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(reply)
	if err != nil {
		m.t.Fatal(err)
	}
	var r slotwire.Result
	if json.Unmarshal(b, &r) == nil && r.Refused != nil {
		return b, r.Refused
	}
	return b, nil
}

// deliver puts a bundle into the inbox and stages it.
func (m *machine) deliver(b []byte) error {
	if err := os.WriteFile(filepath.Join(m.inbox, "x.ctl"), b, 0o600); err != nil {
		m.t.Fatal(err)
	}
	_, err := m.do(slotwire.Stage, slotwire.StageAsk{File: "x.ctl", Trusted: true})
	return err
}

// update does a whole update and reports false when the power failed in it.
func (m *machine) update(b []byte) bool {
	if err := m.deliver(b); err != nil {
		return !m.failed(err)
	}
	if _, err := m.do(slotwire.Try, nil); err != nil {
		return !m.failed(err)
	}
	return m.live()
}

func (m *machine) state() slotwire.State {
	m.t.Helper()
	b, err := m.do(slotwire.Slots, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	var s slotwire.State
	if err := json.Unmarshal(b, &s); err != nil {
		m.t.Fatal(err)
	}
	return s
}

var (
	v4 = system{version: "0.9.4", number: 4, floor: 1, nature: healthy, keys: "1"}
	v5 = system{version: "0.9.5", number: 5, floor: 3, nature: healthy, keys: "1"}
)

// as gives a system another nature.
func (s system) as(nature string) system { s.nature = nature; return s }

func TestAnUpdateStaysOrFallsBack(t *testing.T) {
	for nature, want := range map[string]struct{ log, why string }{
		healthy:  {"a:0.9.4 b:0.9.5?", ""},
		sick:     {"a:0.9.4 b:0.9.5? a:0.9.4", "b/gate/web"},
		hanging:  {"a:0.9.4 b:0.9.5? a:0.9.4", "b/ended"},
		headless: {"a:0.9.4 a:0.9.4", "b/unbootable"},
	} {
		m := newMachine(t, v4)
		m.live()
		m.update(v5.as(nature).bundle(t, "1"))
		s := m.state()
		if got := strings.Join(m.log, " "); got != want.log || s.Why != want.why || s.Try != "" {
			t.Errorf("%s: %s, why %q, try %q; want %s, %q", nature, got, s.Why, s.Try, want.log, want.why)
		}
		m.live()
		if wanted := map[bool]string{true: "b", false: "a"}[nature == healthy]; string(m.start.Slot) != wanted || m.start.Trial {
			t.Errorf("%s: afterwards %s starts, trial %v", nature, m.start.Slot, m.start.Trial)
		}
	}
}

func TestUpdatesGoBackAndForth(t *testing.T) {
	m := newMachine(t, v4)
	m.live()
	for n := uint64(5); n < 9; n++ {
		m.update(system{version: fmt.Sprint("0.9.", n), number: n, floor: 1, nature: healthy, keys: "1"}.bundle(t, "1"))
	}
	if got := strings.Join(m.log, " "); got != "a:0.9.4 b:0.9.5? a:0.9.6? b:0.9.7? a:0.9.8?" {
		t.Error(got)
	}
	if _, err := m.do(slotwire.Rollback, nil); err != nil {
		t.Fatal(err)
	}
	m.live()
	if s := m.state(); s.Running != "b" || s.Good != "b" || s.Of("b").Version != "0.9.7" || s.Of("a").Version != "0.9.8" {
		t.Errorf("after a roll-back by hand: %+v", s)
	}
}

// The power may fail at any write and any sync of an update, and again while the
// machine starts; something whole starts each time, and in the end the update is done.
func TestPowerCutsAtEveryStep(t *testing.T) {
	bundle := v5.bundle(t, "1")
	whole := newMachine(t, v4)
	whole.live()
	before := whole.disk.Ops()
	whole.update(bundle)
	ops := whole.disk.Ops() - before
	for n := range ops {
		m := newMachine(t, v4)
		m.live()
		m.disk.CutAfter(n, uint64(n))
		if m.update(bundle) {
			t.Fatalf("cut %d of %d did not happen", n, ops)
		}
		m.finish(bundle, uint64(n))
	}
	t.Logf("%d writes and syncs in an update, the power failed at each", ops)
}

// finish brings the power back, lets it fail at one more start, and updates until the
// new system stands.
func (m *machine) finish(bundle []byte, seed uint64) {
	m.t.Helper()
	m.disk.Power()
	m.disk.CutAfter(int(seed*7%60), seed+1)
	if !m.live() {
		m.disk.Power()
	}
	m.disk.CutAfter(1<<40, 0)
	m.live()
	if m.run.version != v5.version {
		m.update(bundle)
	}
	if s := m.state(); s.Of(s.Running).Version != v5.version || s.Good != s.Running {
		m.t.Fatalf("seed %d: in the end %+v; %v", seed, s, m.log)
	}
}

// Any nature, any number of cuts at any instant.
func TestPowerCutsAtRandom(t *testing.T) {
	natures := []string{healthy, sick, hanging, headless}
	bundles := map[string][]byte{}
	for _, n := range natures {
		bundles[n] = v5.as(n).bundle(t, "1")
	}
	good := system{version: "0.9.6", number: 6, nature: healthy, keys: "1"}
	next := good.bundle(t, "1")
	for seed := range *cuts {
		m := newMachine(t, v4)
		m.live()
		nature := natures[seed%4]
		for i := range seed % 3 {
			m.disk.CutAfter(int(seed*13%200), seed<<2+i)
			if !m.update(bundles[nature]) || m.disk.Cut() {
				m.disk.Power()
			}
			m.disk.CutAfter(1<<40, 0)
			if m.live(); m.run.version == v5.version {
				break
			}
		}
		m.disk.CutAfter(1<<40, 0)
		m.live()
		if nature != healthy && m.run.version == v5.version {
			t.Fatalf("seed %d: a %s system stands: %v", seed, nature, m.log)
		}
		m.update(next)
		if m.run.version != good.version {
			t.Fatalf("seed %d: the next update did not stand: %v", seed, m.log)
		}
	}
}

// Research 6.9: an old box comes to a new key in two steps; a bundle of the new key
// alone is refused before, and one of the lost key afterwards.
func TestTheKeyIsRotatedInTwoSteps(t *testing.T) {
	m := newMachine(t, v4)
	m.live()
	step := func(n uint64, keys, signers string) error {
		b := system{version: fmt.Sprint("0.9.", n), number: n, nature: healthy, keys: keys}.bundle(t, signers)
		if err := m.deliver(b); err != nil {
			return err
		}
		m.update(b)
		return nil
	}
	refused := func(err error, want ctl.Code) {
		t.Helper()
		var r *ctl.Refusal
		if !errors.As(err, &r) || r.Code != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	refused(step(5, "2", "2"), ctl.UnknownKey) // the lost-key case: the old key is gone, the box knows no other
	if err := step(6, "12", "1"); err != nil { // the old key brings the new one
		t.Fatal(err)
	}
	if err := step(7, "2", "2"); err != nil { // the new one drops the old
		t.Fatal(err)
	}
	refused(step(8, "1", "1"), ctl.UnknownKey)
	if err := step(9, "2", "12"); err != nil { // a stranger beside is no harm
		t.Fatal(err)
	}
	if m.run.version != "0.9.9" {
		t.Errorf("runs %s", m.run.version)
	}
}
