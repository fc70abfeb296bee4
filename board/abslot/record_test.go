package abslot_test

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/centralita/centralita/board/abslot"
	"github.com/centralita/centralita/hal/slot"
)

// copyOf makes a copy of a record of the given text, NULs written as |.
func copyOf(text string) []byte {
	b := make([]byte, abslot.RecordSize)
	copy(b[4:], strings.ReplaceAll(text, "|", "\x00"))
	binary.LittleEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:]))
	return b
}

func TestTheFormatIsThatOfUBoot(t *testing.T) {
	r := slot.Record{Gen: 0x2a, Good: slot.A, Try: slot.B, Tries: 1, Floor: 40, Why: "b/ended", A: slot.Image{Number: 41, Version: "0.9.4", Floor: 40, Size: 5}}
	b, err := abslot.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	want := copyOf("gen=2a|good=a|try=b|tries=1|floor=40|slot_a=41:0.9.4:40:5:" + strings.Repeat("0", 64) + "|why=b/ended|")
	if string(b) != string(want) {
		t.Errorf("got  %q\nwant %q", b[:200], want[:200])
	}
	// As U-Boot writes it back: keys sorted, without those that are empty, and one of its own.
	back, err := abslot.Decode(copyOf("filesize=4000|floor=40|gen=2b|good=a|slot_a=41:0.9.4:40:5:" + strings.Repeat("0", 64) + "|tries=0|why=b/ended|"))
	r.Gen, r.Try, r.Tries = 0x2b, slot.None, 0
	if err != nil || back != r {
		t.Errorf("read %+v, %v; want %+v", back, err, r)
	}
}

// Boxes from before starts were counted have no fails; one that is 0 is not written.
func TestFailsAreLeftOutWhereThereAreNone(t *testing.T) {
	old := copyOf("gen=1|good=a|tries=0|floor=0|")
	r, err := abslot.Decode(old)
	if err != nil || r.Fails != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if b, err := abslot.Encode(r); err != nil || string(b) != string(old) {
		t.Errorf("written back as %q, %v", b[:60], err)
	}
	r.Fails = 4
	if b, err := abslot.Encode(r); err != nil || string(b) != string(copyOf("gen=1|good=a|tries=0|floor=0|fails=4|")) {
		t.Errorf("written as %q, %v", b[:60], err)
	}
}

func TestMkenvimageReadsAlike(t *testing.T) {
	tool, err := exec.LookPath("mkenvimage")
	if err != nil {
		t.Skip("Debian's u-boot-tools would run this")
	}
	r := slot.Record{Gen: 1, Good: slot.B, B: slot.Image{Number: 7, Version: "1.0", Size: 9}}
	text := "gen=1\ngood=b\ntries=0\nfloor=0\nslot_b=7:1.0:0:9:" + strings.Repeat("0", 64) + "\n"
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.Command(tool, "-s", "16384", "-p", "0", "-o", out, in).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	theirs, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := abslot.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	if string(ours) != string(theirs) {
		t.Errorf("ours   %q\ntheirs %q", ours[:150], theirs[:150])
	}
}

func TestRecordsThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		"gen=1|":                        "no good slot",
		"gen=xyz|good=a|":               "gen of the boot record",
		"gen=1|good=c|":                 "it is a or b",
		"gen=1|good=a|try=a b|":         "it is a or b",
		"gen=1|good=a|tries=10|":        "from 0 to 9",
		"gen=1|good=a|tries=-1|":        "from 0 to 9",
		"gen=1|good=a|fails=10|":        "fails of the boot record",
		"gen=1|good=a|fails=|":          "fails of the boot record",
		"gen=1|good=a|floor=-1|":        "floor",
		"gen=1|good=a|slot_a=1:2:3|":    "NUMBER:VERSION",
		"gen=1|good=a|slot_a=0:2:3:4:|": "cannot be",
		"gen=1|good=a|why=a b|":         "no plain word",
		"good|":                         "KEY=VALUE",
	} {
		if r, err := abslot.Decode(copyOf(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q was read as %+v, %v; want %q", text, r, err, want)
		}
	}
	if _, err := abslot.Decode(make([]byte, 100)); err == nil {
		t.Error("a short copy was read")
	}
	for _, r := range []slot.Record{{}, {Good: "c"}, {Good: slot.A, Tries: 10}, {Good: slot.A, Fails: 10}, {Good: slot.A, Fails: -1}, {Good: slot.A, Why: "a b"}, {Good: slot.A, Why: strings.Repeat("x", 201)},
		{Good: slot.A, A: slot.Image{Number: 1, Version: "1:2"}}, {Good: slot.A, B: slot.Image{Number: 1, Version: "$(reset)"}}} {
		if _, err := abslot.Encode(r); err == nil {
			t.Errorf("%+v was written", r)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("gen=2a|good=a|try=b|tries=1|floor=40|slot_a=41:0.9.4:40:5:"+strings.Repeat("0", 64)+"|why=b/ended|fails=3|", true)
	f.Add("good=b", true)
	f.Add("gen=1|good=a|", false)
	f.Fuzz(func(t *testing.T, text string, sum bool) {
		if len(text) > abslot.RecordSize-4 {
			t.Skip("longer than a copy")
		}
		b := copyOf(text)
		if !sum {
			b[0] ^= 1
		}
		r, err := abslot.Decode(b)
		if !sum && err == nil {
			t.Fatal("a copy with a wrong sum was read")
		}
		if err != nil {
			return
		}
		again, err := abslot.Encode(r)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if back, err := abslot.Decode(again); err != nil || back != r {
			t.Fatalf("%+v became %+v, %v", r, back, err)
		}
	})
}
