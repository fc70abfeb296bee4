package abslot

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/centralita/centralita/hal/slot"
)

// Names are the keys of the record, in the order in which they are written. A boot
// script imports and exports exactly these and leaves alone what it does not
// understand: slot_a and slot_b are only empty or not for it. gen is hexadecimal
// without a prefix, because U-Boot's setexpr counts so; the other numbers are
// decimal. A key without a value is absent. Records of older boxes have no fails, and
// boot scripts older than number 2 drop it: that is 0.
var Names = []string{"gen", "good", "try", "tries", "floor", "slot_a", "slot_b", "why", "fails"}

// Encode returns a copy of the record as it stands on the disk. It refuses what
// Decode would not read back.
func Encode(r slot.Record) ([]byte, error) {
	values := map[string]string{
		"gen": strconv.FormatUint(r.Gen, 16), "good": string(r.Good), "try": string(r.Try), "tries": strconv.Itoa(r.Tries),
		"floor": strconv.FormatUint(r.Floor, 10), "slot_a": imageText(r.A), "slot_b": imageText(r.B), "why": r.Why,
	}
	if r.Fails != 0 {
		values["fails"] = strconv.Itoa(r.Fails)
	}
	b := make([]byte, RecordSize)
	text := b[4:4]
	for _, k := range Names {
		if values[k] != "" {
			text = append(append(text, k+"="+values[k]...), 0)
		}
	}
	if len(text) > RecordSize-5 {
		return nil, fmt.Errorf("cannot write the boot record: %d bytes do not fit into %d", len(text), RecordSize)
	}
	binary.LittleEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:]))
	if back, err := Decode(b); err != nil || back != r {
		return nil, fmt.Errorf("cannot write the boot record %+v: it would be read as %+v: %w", r, back, err)
	}
	return b, nil
}

// Decode reads a copy of the record. It is an error when the copy is not whole or
// says what cannot be.
func Decode(b []byte) (slot.Record, error) {
	if len(b) != RecordSize {
		return slot.Record{}, fmt.Errorf("cannot read a boot record of %d bytes: it has %d", len(b), RecordSize)
	}
	if want, got := binary.LittleEndian.Uint32(b), crc32.ChecksumIEEE(b[4:]); want != got {
		return slot.Record{}, fmt.Errorf("cannot read the boot record: its sum is %08x and not %08x", got, want)
	}
	var r slot.Record
	var wrong []error
	for pair := range bytes.SplitSeq(b[4:], []byte{0}) {
		if len(pair) == 0 {
			break // two NULs end it
		}
		k, v, ok := strings.Cut(string(pair), "=")
		if !ok {
			return slot.Record{}, fmt.Errorf("cannot read the boot record: %q is no KEY=VALUE", pair)
		}
		if err := set(&r, k, v); err != nil {
			wrong = append(wrong, fmt.Errorf("cannot read %s of the boot record: %w", k, err))
		}
	}
	if r.Good == slot.None {
		wrong = append(wrong, errors.New("cannot read the boot record: it names no good slot"))
	}
	return r, errors.Join(wrong...)
}

// set reads one value. Keys that are not ours are left alone.
func set(r *slot.Record, k, v string) (err error) {
	switch k {
	case "gen":
		r.Gen, err = strconv.ParseUint(v, 16, 64)
	case "good":
		r.Good, err = slot.Parse(v)
	case "try":
		r.Try, err = slot.Parse(v)
	case "tries":
		r.Tries, err = digit(v)
	case "floor":
		r.Floor, err = strconv.ParseUint(v, 10, 64)
	case "slot_a":
		r.A, err = parseImage(v)
	case "slot_b":
		r.B, err = parseImage(v)
	case "why":
		if r.Why = v; !plain(v) {
			err = fmt.Errorf("%q is no plain word", v)
		}
	case "fails":
		r.Fails, err = digit(v)
	}
	return err
}

// digit reads a count of starts.
func digit(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err == nil && (n < 0 || n > slot.MaxFails) {
		err = fmt.Errorf("%d is not from 0 to %d", n, slot.MaxFails)
	}
	return n, err
}

// imageText writes an image as NUMBER:VERSION:FLOOR:SIZE:SUM.
func imageText(i slot.Image) string {
	if !i.Full() {
		return ""
	}
	return fmt.Sprintf("%d:%s:%d:%d:%x", i.Number, i.Version, i.Floor, i.Size, i.Sum)
}

func parseImage(s string) (slot.Image, error) {
	f := strings.Split(s, ":")
	if len(f) != 5 {
		return slot.Image{}, fmt.Errorf("%q is no NUMBER:VERSION:FLOOR:SIZE:SUM", s)
	}
	var i slot.Image
	var errs [4]error
	var sum []byte
	i.Version = f[1]
	i.Number, errs[0] = strconv.ParseUint(f[0], 10, 64)
	i.Floor, errs[1] = strconv.ParseUint(f[2], 10, 64)
	i.Size, errs[2] = strconv.ParseInt(f[3], 10, 64)
	sum, errs[3] = hex.DecodeString(f[4])
	err := errors.Join(errs[:]...)
	if err == nil && (i.Number == 0 || i.Size < 0 || len(sum) != len(i.Sum) || !plain(i.Version)) {
		err = fmt.Errorf("%q says what cannot be", s)
	}
	copy(i.Sum[:], sum)
	return i, err
}

// plain reports whether a boot script can carry s about: printable ASCII without
// spaces, quotes, $, \, ; and #.
func plain(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || strings.IndexByte("'\"$\\;#&|", c) >= 0 {
			return false
		}
	}
	return len(s) <= 200
}
